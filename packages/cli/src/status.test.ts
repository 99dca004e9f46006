import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { instanceThat, runWith } from './fake-terminal.ts'

const well = {
  url: 'http://localhost:4600',
  version: '0.1.0',
  entries: 7,
  provider: true,
  gateways: [{ gateway: 'http', name: 'orders', observes: false }],
  policies: { version: 'v1', at: 0, by: 'start', files: ['a.cedar'], count: 3 },
  concerns: [],
  openQuestions: 1,
  people: 2,
  administrators: 1,
  agents: { active: 1, stopped: 0 },
  unserved: [],
}
const problem = { file: 'b.cedar', line: 2, column: 3, says: 'is no policy' }

describe('whether it is well', () => {
  const status = (over: object, ...words: string[]) =>
    runWith(['status', ...words], { ask: () => instanceThat({ 'GET /status': [{ ...well, ...over }] }) })

  it('all that works ends with 0', async () => {
    const { code, said } = await status({})
    expect([code, said]).toEqual([0, expect.not.stringContaining('✗')])
    expect(JSON.parse((await status({}, '--json')).said)).toMatchObject({ ok: true, version: '0.1.0' })
  })

  it.each<[string, object, RegExp]>([
    [
      'D5: policies on disk that do not pass',
      { policies: { ...well.policies, refused: { since: 0, by: 'file', problems: [{ ...problem, text: '' }] } } },
      /✗ policies .*does not pass.*\n.*countersign reload/,
    ],
    [
      'what is wrong at run time',
      { concerns: [{ key: 'mcp/crm', says: 'It is away.', since: 0 }] },
      /✗ mcp\/crm {2}It is away\. Since 1970.*\n.*\/system/,
    ],
    [
      'a gateway that only observes',
      { gateways: [{ gateway: 'mcp', name: 'x', observes: true }] },
      /✗ mcp\/x .*only observes/,
    ],
    ['no gateway', { gateways: [] }, /✗ gateways .*\n.*countersign init/],
    ['no provider', { provider: false }, /✗ provider/],
    ['no administrator', { administrators: 0 }, /✗ people .*\n.*link/],
    ['no agent', { agents: { active: 0, stopped: 1 } }, /✗ agents .*\n.*countersign agents add/],
    [
      'a sign-off that nobody could serve',
      { unserved: [{ policy: 'two', groups: ['dba'], quorum: 2, people: 1 }] },
      /✗ two {2}It asks 2 of dba, and only 1/,
    ],
  ])('%s is told with what to do next, and ends with 1', async (_, over, says) => {
    const { code, said } = await status(over)
    expect([code, said]).toEqual([1, expect.stringMatching(says)])
    expect(JSON.parse((await status(over, '--json')).said)).toMatchObject({ ok: false })
  })
})

describe('the doctor', () => {
  let cwd: string
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'doctor-'))
  })
  afterEach(() => rm(cwd, { recursive: true, force: true }))

  it('looks at the configuration too, and says what comes first', async () => {
    const { code, said } = await runWith(['doctor'], { cwd })
    expect(code).toBe(1)
    expect(said).toMatch(/✗ configuration {2}There is no countersign\.yaml.*\n.*countersign init/)
    expect(said).toMatch(/✗ instance {2}None runs.*\n.*countersign serve/)
  }, 60_000)
})

describe('D7: reload', () => {
  const reload = (answer: object, ...words: string[]) =>
    runWith(['reload', ...words], { ask: () => instanceThat({ 'POST /policies/reload': [answer] }) })

  it('says what is in force', async () => {
    expect(await reload({ kind: 'active', version: 'v2', changed: true })).toMatchObject({
      code: 0,
      said: 'New policies are in force. Version v2\n',
    })
    expect((await reload({ kind: 'active', version: 'v2', changed: false })).said).toContain('as they were')
  })

  it('says what does not pass, and where', async () => {
    const { code, muttered } = await reload({ kind: 'refused', problems: [problem] })
    expect([code, muttered]).toEqual([1, expect.stringContaining('b.cedar:2:3: is no policy')])
  })
})
