import { describe, expect, it } from 'vitest'
import { createAsk } from './ask.ts'
import { instanceThat, runWith } from './fake-terminal.ts'

const question = (state: string, secondsLeft = 90) => ({
  id: 'apr_1',
  state,
  sentence: 'Export 48,211 rows',
  agent: 'finance-bot',
  environment: 'prod',
  risk: 55,
  groups: ['finance-controllers'],
  secondsLeft,
  url: 'http://countersign/approvals/apr_1',
})
const agent = { id: 'bot', status: 'stopped', team: 't', groups: [], environment: 'prod', owner: 'per_1' }
const flow = {
  at: 1_800_000_000_000,
  agent: 'bot',
  from: { name: 'finance.orders' },
  to: { name: 'warehouse' },
  how: 'sends',
  rows: 48_211,
  approvers: ['Ben'],
}

describe('words that mean nothing are a usage error (2)', () => {
  it.each([
    [['fly']],
    [['inbox', '--fast']],
    [['agents', 'list', '--fast']],
    [['approve']],
    [['approve', 'apr_1', '--wait', 'soon']],
    [['agents', 'add', 'bot', '--team', 't']],
    [['up', '--port', '70000']],
    [['lineage', 'mars', '--kind', 'planet']],
    [['ledger', 'export', '.', 'to', '--entry', 'first']],
    [['check', '--config', 'gone.yaml']],
    [['mcp', 'files']],
  ])('%j', async (words) => {
    const { code, said, muttered } = await runWith(words)
    expect([code, said]).toEqual([2, ''])
    expect(muttered).not.toBe('')
  })

  it.each([[['--help']], [['policy', '--help']], [['--version']]])('%j is none', async (words) => {
    const { code, said } = await runWith(words)
    expect([code, said === '']).toEqual([0, false])
  })
})

describe('without an instance', () => {
  it.each([[['inbox']], [['approve', 'apr_1']], [['agents', 'list']], [['stop', 'all']], [['lineage', 'a']]])(
    '%j fails (1), with one line that helps',
    async (words) => {
      const { code, muttered } = await runWith(words, { ask: createAsk })
      expect(code).toBe(1)
      expect(muttered.trimEnd().split('\n')).toEqual([expect.stringContaining('countersign up')])
    },
  )
})

describe('with an instance, in words and as JSON', () => {
  const ask = () =>
    instanceThat({
      'GET /approvals': [{ items: [question('open')] }],
      'GET /agents': [{ items: [agent] }],
      'POST /agents': [{ key: 'the-key' }],
      'POST /agents/bot/keys': [{ key: 'the-key' }],
      'POST /agents/bot/stop': [{ items: [agent] }],
      'GET /lineage?dataset=finance.orders': [{ items: [flow], before: 0, after: 1 }],
    })

  it.each<[string[], RegExp]>([
    [['inbox'], /Export 48,211 rows\n {2}finance-bot in prod, risk 55, 2 min left, asks finance-controllers\n {2}http/],
    [['agents', 'list'], /^bot {2}stopped {2}team t/],
    [['agents', 'add', 'bot', '--owner', 'ana', '--team', 't'], /shown this once:\n\n {2}the-key/],
    [['agents', 'rotate', 'bot'], /another day:\n\n {2}the-key/],
    [['stop', 'bot'], /^Stopped: bot\./],
    [
      ['lineage', 'finance.orders'],
      /finance\.orders → warehouse \(sends, 48,211 rows\) by bot, approved by Ben\n0 before it, 1 after/,
    ],
  ])('%j', async (words, expected) => {
    const plain = await runWith(words, { ask })
    expect([plain.code, plain.muttered]).toEqual([0, ''])
    expect(plain.said).toMatch(expected)
    const json = await runWith([...words, '--json'], { ask })
    expect([json.code, json.muttered]).toEqual([0, ''])
    expect(() => JSON.parse(json.said)).not.toThrow()
  })

  it('an agent is registered as asked', async () => {
    const asked: { what: string; body: object | undefined }[] = []
    await runWith(['agents', 'add', 'bot', '--owner', 'ana', '--team', 't', '--groups', 'a,b', '--observe'], {
      ask: () => instanceThat({ 'POST /agents': [{ key: 'k' }] }, asked),
    })
    const body = { id: 'bot', owner: 'ana', team: 't', groups: ['a', 'b'], mode: 'observe' }
    expect(asked).toEqual([{ what: 'POST /agents', body }])
  })

  it('nothing is said where nothing is', async () => {
    const empty = { items: [] }
    const none = () =>
      instanceThat({ 'GET /approvals': [empty], 'GET /agents': [empty], 'GET /lineage?model=m': [empty] })
    expect((await runWith(['inbox'], { ask: none })).said).toBe('Nothing waits.\n')
    expect((await runWith(['agents', 'list'], { ask: none })).said).toContain('No agents yet')
    expect((await runWith(['lineage', 'm', '--kind', 'model'], { ask: none })).said).toContain('Nothing has flowed')
  })
})

describe('answering in the browser (P4)', () => {
  const answering = (...states: string[]) => ({
    ask: () => instanceThat({ 'GET /approvals/apr_1': states.map((state) => question(state)) }),
  })

  it.each<[string, string[], number]>([
    ['approve', ['open', 'granted'], 0],
    ['approve', ['open', 'spent'], 0],
    ['approve', ['open', 'rejected'], 3],
    ['approve', ['open', 'expired'], 3],
    ['approve', ['open', 'cancelled'], 3],
    ['approve', ['rejected'], 3],
    ['reject', ['open', 'rejected'], 0],
    ['reject', ['open', 'granted'], 3],
    ['reject', ['open', 'expired'], 3],
  ])('%s, and it becomes %j: exit code %i', async (verb, states, expected) => {
    const { code } = await runWith([verb, 'apr_1'], answering(...states))
    expect(code).toBe(expected)
  })

  it('says where, and how long there is', async () => {
    const { muttered, said } = await runWith(['approve', 'apr_1'], answering('open', 'granted'))
    expect(muttered).toContain('2 min left')
    expect(muttered).toContain('http://countersign/approvals/apr_1')
    expect(said).toBe('Export 48,211 rows: approved\n')
  })

  it('who does not want to wait that long is told that it still waits (4)', async () => {
    const { code, muttered, said } = await runWith(['approve', 'apr_1', '--wait', '0', '--json'], answering('open'))
    expect(code).toBe(4)
    expect(muttered).toContain('Still waiting, 2 min left: http://countersign/approvals/apr_1')
    expect(JSON.parse(said)).toMatchObject({ id: 'apr_1', state: 'open' })
  })

  it('only ever reads', async () => {
    const asked: { what: string; body: object | undefined }[] = []
    const answers = { 'GET /approvals/apr_1': [question('open'), question('granted')] }
    await runWith(['approve', 'apr_1'], { ask: () => instanceThat(answers, asked) })
    expect(new Set(asked.map(({ what }) => what))).toEqual(new Set(['GET /approvals/apr_1']))
  })
})
