import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogKey, createSigner, sha256, signCheckpoint } from '@countersign/core'
import { parseCheckpoint } from '@countersign/core/verify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportOf, openTestInstance, type TestInstance } from '../instance.ts'
import { exportLedger, foreign } from './exported.ts'

/** https://c2sp.org/tlog-proof, checked with bash, openssl and coreutils: nothing of ours but thirty lines of shell. */
describe('P11: an entry of a real instance is proven by openssl and sha256sum', () => {
  let instance: TestInstance
  let folder: string
  let entries: number[]
  beforeAll(async () => {
    instance = await openTestInstance()
    folder = await mkdtemp(join(tmpdir(), 'countersign-openssl-'))
    await instance.act(exportOf(4_001))
    const { size } = await instance.demo.instance.store.ledger.head()
    entries = [0, 1, Math.floor(size / 2), size - 1]
    await exportLedger(instance, folder, ...entries)
  })
  afterAll(async () => {
    await instance.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Of a copy, so that each test may alter it. */
  async function verify(
    change: (copy: { entry: string; proof: string; key: string }) => Promise<unknown> = async () => undefined,
  ) {
    const copy = await mkdtemp(join(folder, 'copy-'))
    const at = { entry: join(copy, 'e'), proof: join(copy, 'e.tlog-proof'), key: join(copy, 'log.pub.pem') }
    await copyFile(join(folder, 'entries/1'), at.entry)
    await copyFile(join(folder, 'entries/1.tlog-proof'), at.proof)
    await copyFile(join(folder, 'log.pub.pem'), at.key)
    await copyFile(join(folder, 'verify.sh'), join(copy, 'verify.sh'))
    await chmod(join(copy, 'verify.sh'), 0o755)
    await change(at)
    return foreign('bash', join(copy, 'verify.sh'), at.proof)
  }
  /** Is there once a command has run that a proof smuggled in. */
  const ran = () => join(folder, 'ran')
  const edit = async (path: string, how: (text: string) => string) =>
    writeFile(path, how(await readFile(path, 'latin1')), 'latin1')

  it('each entry that was asked for', async () => {
    for (const entry of entries) {
      const { code, said } = await foreign(
        'bash',
        join(folder, 'verify.sh'),
        join(folder, `entries/${entry}.tlog-proof`),
      )
      expect([code, said]).toEqual([0, expect.stringContaining(`entry ${entry} is in it, unaltered`)])
    }
  })

  it('a copy, as it is', async () => {
    expect((await verify()).code).toBe(0)
  })

  it.each<[string, (at: { entry: string; proof: string; key: string }) => Promise<unknown>]>([
    ['an altered entry', ({ entry }) => edit(entry, (text) => text.replace(/"type":"/, '"type":"x'))],
    ['another entry', ({ entry }) => copyFile(join(folder, 'entries/0'), entry)],
    ['another place', ({ proof }) => edit(proof, (text) => text.replace('index 1\n', 'index 0\n'))],
    ['a place beyond the tree', ({ proof }) => edit(proof, (text) => text.replace('index 1\n', 'index 99999\n'))],
    [
      'a place that is a command',
      ({ proof }) => edit(proof, (text) => text.replace('index 1\n', `index a[$(touch\${IFS}${ran()})]\n`)),
    ],
    ['a shorter proof', ({ proof }) => edit(proof, (text) => text.replace(/(index 1\n)[^\n]+\n/, '$1'))],
    [
      'a longer proof',
      ({ proof }) => edit(proof, (text) => text.replace('index 1\n', `index 1\n${'A'.repeat(43)}=\n`)),
    ],
    ['a changed size', ({ proof }) => edit(proof, (text) => text.replace(/\n(\d+)\n(.{44})\n/, '\n9999\n$2\n'))],
    ['no signature', ({ proof }) => edit(proof, (text) => text.replace(/\n[^\n]*\n$/, '\n'))],
    ['the key of another log', ({ key }) => writeFile(key, otherKey)],
    [
      'a head that another key signed',
      async ({ proof }) => {
        const text = await readFile(proof, 'utf8')
        const noteAt = text.indexOf('\n\n') + 2
        const { origin, ...rest } = parseCheckpoint(text.slice(noteAt))
        await writeFile(
          proof,
          text.slice(0, noteAt) + (await signCheckpoint(sha256, createSigner(origin, createLogKey()), rest)),
        )
      },
    ],
  ])('not %s', async (_, change) => {
    const { code, muttered } = await verify(change)
    expect([code, muttered]).toEqual([1, expect.stringContaining('FAILED')])
    expect(existsSync(ran())).toBe(false)
  })
})

const otherKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
`
