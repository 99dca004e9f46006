/**
 * A real instance's ledger, checked by two programs that have nothing of ours: openssl with coreutils, and the Go
 * project's `golang.org/x/mod/sumdb`. Every attack on it is found by both.
 *
 * @module
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSigner, encodeBundle, type Signer } from '@countersign/core'
import { parseCheckpoint, tilePath } from '@countersign/core/verify'
import { loadKeys } from '@countersign/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportOf, openTestInstance, type TestInstance } from '../instance.ts'
import { copyOf, type Ended, exportLedger, foreign, leavesIn, rebuild } from './exported.ts'

const source = fileURLToPath(new URL('./tlogcheck/main.go', import.meta.url))
const debian = '/usr/share/gocode'

describe('P11: the ledger of a real instance is checked by programs that are not ours', () => {
  let instance: TestInstance | undefined
  let vkey: string
  let address: string
  let folder: string
  let checkpoint: string
  let size: number
  let leaves: readonly Uint8Array[]
  let signer: Signer

  beforeAll(async () => {
    address = await mkdtemp(join(tmpdir(), 'countersign-foreign-'))
    folder = join(address, 'ledger')
    const env = ['GO111MODULE=off', `GOPATH=${debian}`, `GOCACHE=${address}/cache`, 'GOFLAGS=-buildvcs=false']
    const built = await foreign('env', ...env, 'go', 'build', '-o', join(address, 'tlogcheck'), source)
    if (built.code !== 0) throw new Error(`.ci/packages brings Go and its modules. ${built.muttered}`)

    instance = await openTestInstance()
    vkey = instance.demo.instance.vkey
    const told = await instance.act(exportOf(4_001))
    await instance.sign('ben', await instance.question(told))
    await instance.act(exportOf(4_001))
    size = await exportLedger(instance, folder, 0, 3)
    checkpoint = await readFile(join(folder, 'checkpoint'), 'utf8')
    leaves = await leavesIn(folder, size)
    signer = createSigner(parseCheckpoint(checkpoint).origin, (await loadKeys(join(instance.dataDir, 'keys'))).log)
  })
  afterAll(async () => {
    await instance?.close()
    await rm(address, { recursive: true, force: true })
  })

  const kept = async () => {
    const path = join(address, 'kept')
    await writeFile(path, checkpoint)
    return path
  }
  const verifiers: Readonly<Record<string, (at: string, kept?: string) => Promise<Ended>>> = {
    'openssl and coreutils': (at, ...more) => foreign('bash', join(folder, 'verify.sh'), at, ...given(more)),
    'golang.org/x/mod/sumdb': (at, ...more) => foreign(join(address, 'tlogcheck'), at, vkey, ...given(more)),
  }
  const given = (words: readonly (string | undefined)[]) => words.filter((word) => word !== undefined)
  const names = Object.keys(verifiers)
  const verify = (name: string, ...how: [at: string, kept?: string]) => verifiers[name]?.(...how)

  it.each(names)('%s: whole, and continues the checkpoint that was kept', async (name) => {
    expect(await verify(name, folder)).toMatchObject({ code: 0, said: expect.stringContaining(`${size} entries`) })
    expect(await verify(name, folder, await kept())).toMatchObject({ code: 0 })
  })

  const without = (index: number) => leaves.filter((_, at) => at !== index)
  const edited = () =>
    leaves.map((leaf, at) =>
      at === 4 ? Buffer.from(Buffer.from(leaf).toString().replace('"type":"', '"type":"x')) : leaf,
    )

  /** Whether it shows without a checkpoint that someone kept. */
  const attacks: readonly [string, boolean, (copy: string) => Promise<unknown>][] = [
    [
      'one entry edited in its place',
      true,
      (copy) => writeFile(join(copy, tilePath('entries', 0, size)), encodeBundle(edited())),
    ],
    ['one entry edited, all rebuilt and signed again', false, (copy) => rebuild(copy, edited(), signer)],
    ['the newest dropped, and signed again', false, (copy) => rebuild(copy, leaves.slice(0, -1), signer)],
    [
      'the newest dropped from the files alone',
      true,
      (copy) => writeFile(join(copy, tilePath('entries', 0, size)), encodeBundle(leaves.slice(0, -1))),
    ],
    ['an old head served in place of a newer one', false, (copy) => rebuild(copy, leaves.slice(0, 5), signer)],
    ['one deleted, the others renumbered, all signed again', false, (copy) => rebuild(copy, without(4), signer)],
  ]
  it.each(names.flatMap((name) => attacks.map((attack) => [name, ...attack] as const)))(
    '%s finds: %s',
    async (name, alone, shows, attack) => {
      const copy = await copyOf(folder)
      await attack(copy)
      await rm(join(copy, 'entries'), { recursive: true }) // a forger shows no proofs that betray him
      expect((await verify(name, copy))?.code, alone).toBe(shows ? 1 : 0)
      expect(await verify(name, copy, await kept())).toMatchObject({
        code: 1,
        muttered: expect.stringContaining('FAILED'),
      })
    },
  )

  it('a person is erased, and every proof still holds: of before, and of after (P12)', async () => {
    if (!instance) throw new Error('There is no instance.')
    const { store } = instance.demo.instance
    const ben = (await store.people.list()).find(({ subject }) => subject === 'ben')
    expect(await store.journal.erase(ben?.id ?? '')).toBeGreaterThan(0)
    const gone = await store.journal.read(0, size)
    expect(gone.filter(({ fact }) => fact.kind === 'erased').length).toBeGreaterThan(0)
    expect(JSON.stringify(gone)).not.toContain(ben?.email)

    const after = join(address, 'after')
    const now = await exportLedger(instance, after, 0, 3)
    expect((await leavesIn(after, now)).slice(0, size)).toEqual(leaves)
    for (const name of names) {
      expect(await verify(name, after, await kept())).toMatchObject({ code: 0 })
      expect(await verify(name, folder)).toMatchObject({ code: 0 })
    }
    for (const entry of (await readdir(join(folder, 'entries'))).filter((path) => path.endsWith('.tlog-proof'))) {
      expect(await verify('openssl and coreutils', join(folder, 'entries', entry))).toMatchObject({ code: 0 })
    }
  })
})
