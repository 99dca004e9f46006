import { describe, expect, it } from 'vitest'
import type { Ask } from './ask.ts'
import { instanceThat, runWith } from './fake-terminal.ts'
import type { Terminal } from './terminal.ts'
import { inbox, lineage } from './people.ts'
import { peopleAccounts } from './persons.ts'
import { Stopped } from './stopped.ts'

/** An escape sequence, a line end, and a right-to-left override. */
const nasty = 'Export \u001B[2J1 row\nNothing waits.\u202E'
const shown = 'Export [U+001B][2J1 row[U+000A]Nothing waits.[U+202E]'

function listing(answer: object) {
  const said: string[] = []
  const terminal = { say: (text: string) => void said.push(text) } as unknown as Terminal
  const ask = (async () => answer) as Ask
  return { terminal, ask, said }
}

const question = {
  id: 'apr_1',
  state: 'open',
  sentence: nasty,
  agent: 'finance-bot',
  environment: 'prod',
  risk: 50,
  groups: ['finance-controllers'],
  secondsLeft: 60,
  url: 'http://localhost:4600/approvals/apr_1',
}

it('P9: what an agent wrote cannot draw on the terminal', async () => {
  const inTerminal = listing({ items: [question] })
  await inbox(inTerminal.terminal, inTerminal.ask, false)
  expect(inTerminal.said[0]?.split('\n')[0]).toBe(shown)
  expect(inTerminal.said[0]?.split('\n')).toHaveLength(3)

  const node = { name: nasty }
  const flow = { at: 0, agent: 'finance-bot', from: node, to: node, how: 'writes', approvers: [], policies: ['reads'] }
  const flowing = listing({ items: [flow], before: 1, after: 0 })
  await lineage(flowing.terminal, flowing.ask, 'dataset', nasty, false)
  expect(flowing.said.join('')).toContain(`${shown} → ${shown}`)
  expect(flowing.said).toHaveLength(2)
})

describe('G24: ESC and bidi of an agent’s text are never printed raw', () => {
  /** Anything that moves a cursor or turns words around, wherever it may come from. */
  const question_ = { ...question, sentence: nasty, environment: nasty, agent: nasty, groups: [nasty] }
  const agent = {
    id: nasty,
    name: nasty,
    status: 'active',
    team: nasty,
    groups: [nasty],
    environment: nasty,
    owner: nasty,
  }
  const node = { name: nasty }
  const flow = { at: 0, agent: nasty, from: node, to: node, how: nasty, approvers: [nasty], policies: [nasty] }
  const steers = /[^\n\P{C}]|[\p{Zl}\p{Zp}]/u
  const granted = { ...question_, state: 'granted' }

  it.each<[string[], Record<string, object[]>]>([
    [['inbox'], { 'GET /approvals': [{ items: [question_] }] }],
    [['approve', 'apr_1'], { 'GET /approvals/apr_1': [question_, granted] }],
    [['reject', 'apr_1'], { 'GET /approvals/apr_1': [question_, { ...question_, state: 'rejected' }] }],
    [['approve', 'apr_1', '--wait', '0'], { 'GET /approvals/apr_1': [question_] }],
    [['agents', 'list'], { 'GET /agents': [{ items: [agent] }] }],
    [
      ['agents', 'add', 'x', '--owner', 'o', '--team', 't'],
      { 'POST /agents': [{ key: 'k', ready: [{ client: nasty, where: nasty, text: nasty }] }] },
    ],
    [['agents', 'set', 'x', '--name', 'y'], { 'POST /agents/x/change': [agent] }],
    [['agents', 'retire', 'x'], { 'POST /agents/x/retire': [agent] }],
    [['stop', 'all'], { 'POST /agents/all/stop': [{ items: [agent] }] }],
    [['lineage', 'a'], { 'GET /lineage?dataset=a': [{ items: [flow], before: 1, after: 0 }] }],
  ])('%j', async (words, answers) => {
    for (const more of [[], ['--json']]) {
      const { said, muttered } = await runWith([...words, ...more], { ask: () => instanceThat(answers) })
      expect(steers.test(said + muttered)).toBe(false)
      // An agent cannot write a line of its own either, such as the last words of a command.
      expect((said + muttered).split('\n').filter((line) => line.startsWith('Nothing waits.'))).toEqual([])
      if (more.length > 0) expect(() => JSON.parse(said)).not.toThrow()
    }
  })

  it('nor what the system answers, or a name of a file says', async () => {
    const refusing = (async () => {
      throw new Stopped(1, `There is no ${nasty}`)
    }) as Ask
    const { muttered } = await runWith(['inbox'], { ask: () => refusing })
    expect(steers.test(muttered)).toBe(false)
    expect((await runWith(['check', '--config', nasty])).muttered).toContain('[U+001B]')
  })
})

it.each([
  ['link', 'Whoever holds U0BEN at chat:T1 answers as Ben.'],
  ['unlink', 'U0BEN at chat:T1 is not linked to Ben.'],
] as const)('to %s an account is asked of the instance, and told in a sentence', async (change, says) => {
  const { terminal, said } = listing({})
  const asked: unknown[] = []
  const ask = (async (...what: unknown[]) => {
    asked.push(what)
    return { id: 'per_1', name: 'Ben', groups: [], roles: [] }
  }) as Ask
  const input = { provider: 'chat:T1', id: 'U0BEN', change }
  await peopleAccounts(terminal, ask, 'ben@acme.example', input, false)
  expect(asked).toEqual([['POST', '/people/ben%40acme.example/accounts', input]])
  expect(said).toEqual([says])
})
