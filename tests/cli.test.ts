import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAsk, type Terminal, product, run } from '@countersign/cli'
import { tileWidth } from '@countersign/core/verify'
import { steps } from '@countersign/demo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportOf, openTestInstance, type TestInstance, until } from './instance.ts'

/** The command line against a real instance. */
describe('countersign', () => {
  let instance: TestInstance
  let folder: string
  beforeAll(async () => {
    instance = await openTestInstance()
    folder = await mkdtemp(join(tmpdir(), 'countersign-cli-'))
  })
  afterAll(async () => {
    await instance.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function command(...words: string[]) {
    let said = ''
    let muttered = ''
    const at: Terminal = {
      env: { COUNTERSIGN_DATA: instance.dataDir },
      cwd: folder,
      root: false,
      watched: false,
      lookEveryMs: 20,
      product,
      say: (text) => void (said += `${text}\n`),
      mutter: (text) => void (muttered += text),
      ask: createAsk,
      stopped: () => Promise.resolve(),
    }
    return { code: await run(at, words), said, muttered }
  }
  const asked = async (rows: number) => (await instance.act(exportOf(rows))).approval ?? ''

  it('inbox: what waits, for whom, and where to answer', async () => {
    const id = await asked(3_001)
    const { said } = await command('inbox')
    expect(said).toContain(`${instance.url}/approvals/${id}`)
    expect(said).toMatch(/3001|3,001/)
    expect(JSON.parse((await command('inbox', '--json')).said)).toContainEqual(
      expect.objectContaining({ id, state: 'open', groups: ['finance-controllers'] }),
    )
  })

  it('approve: waits for what a person does in the browser', async () => {
    const id = await asked(3_002)
    const waiting = command('approve', id)
    await instance.sign('ben', await instance.question(id))
    expect(await waiting).toMatchObject({ code: 0, said: expect.stringContaining('approved') })
    expect((await command('approve', id)).code).toBe(3)
  })

  it('reject: the same, and what was rejected is refused to whoever wanted it approved', async () => {
    const id = await asked(3_003)
    const waiting = [command('reject', id), command('approve', id)]
    await instance.sign('ben', await instance.question(id), 'reject')
    expect((await Promise.all(waiting)).map(({ code }) => code)).toEqual([0, 3])
  })

  it('nobody waits longer than they want', async () => {
    expect((await command('approve', await asked(3_004), '--wait', '0')).code).toBe(4)
  })

  it('an unknown question fails', async () => {
    expect(await command('approve', 'apr_none')).toMatchObject({ code: 1, muttered: 'There is no such approval.\n' })
  })

  it('lineage: where data went, under whose approval', async () => {
    const step = exportOf(3_005)
    await instance.sign('ben', await instance.question((await instance.act(step)).approval ?? ''))
    expect((await instance.act(step)).status).toBe(200)
    await expect
      .poll(async () => (await command('lineage', 'finance.orders')).said)
      .toMatch(/finance\.orders → .* by finance-bot, approved by Ben/)
  })

  it('agents: a key that it hands out is let in, and stop keeps it out (P15)', async () => {
    const added = await command(
      'agents',
      'add',
      'new-bot',
      '--owner',
      'ana@acme.example',
      '--team',
      'finance-controllers',
      '--json',
    )
    expect([added.code, added.muttered]).toEqual([0, ''])
    const { key } = JSON.parse(added.said) as { key: string }
    const act = () => instance.act(steps.export, { key })
    expect((await act()).status).not.toBe(401)
    expect((await command('agents', 'list')).said).toContain('new-bot  active')
    expect((await command('agents', 'add', 'new-bot', '--owner', 'ana@acme.example', '--team', 't')).muttered).toBe(
      'new-bot is registered already. Its owner, team, groups and name can be changed; an id is for good.\n',
    )
    expect((await command('stop', 'new-bot')).code).toBe(0)
    expect((await command('agents', 'list')).said).toContain('new-bot  stopped')
    expect((await act()).text).toMatch(/stopped/)
  })

  describe('ledger', () => {
    const size = async () => (await instance.demo.instance.store.ledger.head()).size
    const entryIn = (note: string) => Number(note.split('\n')[1])
    let exported: string
    beforeAll(async () => {
      const least = await size()
      await until(
        () => instance.demo.instance.store.ledger.checkpoint(),
        (note = '\n0') => entryIn(note) >= least,
      )
      exported = join(folder, 'ledger')
      const done = await command('ledger', 'export', '-', 'ledger', '--entry', '0', '--entry', '7')
      expect([done.code, done.muttered]).toEqual([0, ''])
      expect(done.said).toContain('Everything adds up')
    })

    it('verify: over the network, by itself, and with the key from elsewhere', async () => {
      const { url, vkey } = instance.demo.instance
      for (const words of [[url], [`${url}/ledger/`], ['-'], [url, '--vkey', vkey]]) {
        expect(await command('ledger', 'verify', ...words)).toMatchObject({ code: 0, muttered: '' })
      }
      const { said } = await command('ledger', 'verify', url, '--json')
      expect(JSON.parse(said)).toMatchObject({ state: 'unanchored', problems: [] })
    })

    it('H3: verify - --state holds the tables against the ledger as well, and ends with 1 where they differ', async () => {
      const { store } = instance.demo.instance
      const clean = await command('ledger', 'verify', '-', '--state')
      expect(clean).toMatchObject({ code: 0, muttered: '' })
      expect(clean.said).toMatch(
        /^Everything adds up[^]*\nThe tables say what the ledger says: \d+ rows against \d+ facts\.$/m,
      )
      const { said } = await command('ledger', 'verify', '-', '--state', '--json')
      expect(JSON.parse(said)).toMatchObject({ problems: [], tables: { erased: 0, differences: [] } })
      expect((await command('ledger', 'verify', '-', '--json')).said).not.toContain('"tables"')

      const { check } = store
      const difference = 'agent finance-bot: status is "active", and by the ledger "stopped"'
      store.check = async () => ({ entries: 9, rows: 4, erased: 1, differences: [difference] })
      const [told, asJson] = [
        await command('ledger', 'verify', '-', '--state'),
        await command('ledger', 'verify', '-', '--state', '--json'),
      ]
      store.check = check
      expect([told.code, asJson.code]).toEqual([1, 1])
      expect(told.said).toContain(
        `The tables do NOT say what the ledger says, in 1 place: 4 rows against 9 facts, 1 of them erased.\n  ${difference}`,
      )
      expect(JSON.parse(asJson.said).tables.differences).toEqual([difference])

      for (const elsewhere of [instance.url, 'ledger']) {
        const refused = await command('ledger', 'verify', elsewhere, '--state')
        expect([refused.code, refused.said, refused.muttered]).toEqual([
          2,
          '',
          expect.stringContaining('verify - --state'),
        ])
      }
    })

    it('verify: from a folder, which is all that an auditor needs', async () => {
      const names = (await readdir(exported)).toSorted()
      expect(names).toEqual(['checkpoint', 'entries', 'log.pub.pem', 'tile', 'verify.sh', 'vkey'])
      expect(await command('ledger', 'verify', 'ledger')).toMatchObject({
        code: 0,
        said: expect.stringMatching(/^Everything adds up/),
      })
    })

    it('verify: the instance continues what was exported before', async () => {
      const known = join(exported, 'checkpoint')
      await instance.act(exportOf(3_006))
      expect((await command('ledger', 'verify', instance.url, '--known', known)).code).toBe(0)
    })

    it.each<[string, (bytes: Buffer) => Buffer | string, string]>([
      ['an entry that is altered', (bytes) => flipped(bytes, 40), 'tile/entries/000'],
      ['a tile that is altered', (bytes) => flipped(bytes, 5), 'tile/0/000'],
      ['an entry that is cut off', (bytes) => bytes.subarray(0, -10), 'tile/entries/000'],
      ['a head that is altered', (bytes) => bytes.toString().replace(/\n\d+\n/, '\n7\n'), 'checkpoint'],
      ['another log’s key', () => 'other+00000000+AUGUAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'vkey'],
    ])('verify: %s is found (1)', async (_, change, file) => {
      const path = await pathOf(file)
      const before = await readFile(path)
      await writeFile(path, change(before))
      const { code, said } = await command('ledger', 'verify', 'ledger')
      await writeFile(path, before)
      expect([code, said.split('\n')[0]]).toEqual([1, expect.stringContaining('does NOT add up')])
    })

    it('verify: fails with one line where there is none', async () => {
      expect(await command('ledger', 'verify', 'nowhere')).toMatchObject({ code: 1, said: '' })
      expect(await command('ledger', 'verify', 'http://127.0.0.1:9')).toMatchObject({
        code: 1,
        muttered: 'http://127.0.0.1:9/ledger cannot be reached.\n',
      })
    })

    it('export: a folder can be exported again, and gives the same files', async () => {
      expect((await command('ledger', 'export', 'ledger', 'copy')).code).toBe(0)
      for (const file of ['checkpoint', 'vkey', 'log.pub.pem']) {
        expect(await readFile(join(folder, 'copy', file))).toEqual(await readFile(join(exported, file)))
      }
    })

    it('export: there is no entry beyond the end (2)', async () => {
      expect((await command('ledger', 'export', 'ledger', 'copy', '--entry', '99999')).code).toBe(2)
    })

    /** The full file, or the partial one. */
    async function pathOf(file: string): Promise<string> {
      if (!file.startsWith('tile/')) return join(exported, file)
      const width = entryIn(await readFile(join(exported, 'checkpoint'), 'utf8'))
      return join(exported, width < tileWidth ? `${file}.p/${width}` : file)
    }
  })
})

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes)
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
  return changed
}
