import { expect, it } from 'vitest'
import type { Ask } from './ask.ts'
import type { Hand } from './hand.ts'
import { inbox, lineage } from './people.ts'

/** An escape sequence, a line end, and a right-to-left override. */
const nasty = 'Export \u001B[2J1 row\nNothing waits.\u202E'
const shown = 'Export \uFFFD[2J1 row\uFFFDNothing waits.\uFFFD'

function terminal(answer: object) {
  const said: string[] = []
  const hand = { say: (text: string) => void said.push(text) } as unknown as Hand
  const ask = (async () => answer) as Ask
  return { hand, ask, said }
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
  const inTerminal = terminal({ items: [question] })
  await inbox(inTerminal.hand, inTerminal.ask, false)
  expect(inTerminal.said[0]?.split('\n')[0]).toBe(shown)
  expect(inTerminal.said[0]?.split('\n')).toHaveLength(3)

  const node = { name: nasty }
  const flow = { at: 0, agent: 'finance-bot', from: node, to: node, how: 'writes', approvers: [], policies: ['reads'] }
  const flowing = terminal({ items: [flow], before: 1, after: 0 })
  await lineage(flowing.hand, flowing.ask, 'dataset', nasty, false)
  expect(flowing.said.join('')).toContain(`${shown} → ${shown}`)
  expect(flowing.said).toHaveLength(2)
})
