import type { Action } from '@countersign/schema'
import { expect, it } from 'vitest'
import { graphOf } from './of-data.ts'

const action: Pick<Action, 'verb' | 'agent' | 'resources'> = {
  verb: 'data.export',
  agent: 'finance-bot',
  resources: [{ kind: 'route', name: '/exports' }],
}
const nothing = { reads: [], writes: [], classes: [], sensitive: false }

it('P13: says what is unknown or outside, and draws the eye to it', () => {
  const dataUse = graphOf(
    {
      ...nothing,
      reads: [
        { name: 'finance.orders', classes: ['financial'], known: true },
        { name: 'x\u202e', classes: ['confidential'], known: false },
      ],
      destination: { name: 'partner-drive.example', outside: true, known: false },
    },
    action,
  )
  expect(dataUse.from).toEqual([
    { kind: 'dataset', name: 'finance.orders', note: 'financial' },
    { kind: 'dataset', name: 'x[U+202E]', note: 'unknown: confidential', alarming: true },
  ])
  expect(dataUse.to).toEqual([
    {
      kind: 'destination',
      name: 'partner-drive.example',
      note: 'leaves the organization, not registered',
      alarming: true,
    },
  ])
})

it('shows what is acted upon where no data is named', () => {
  const route = [{ kind: 'dataset', name: '/exports', note: 'route' }]
  expect(graphOf(nothing, action)).toMatchObject({ from: route, to: [] })
  expect(graphOf(nothing, { ...action, verb: 'iam.grant' })).toMatchObject({ from: [], to: route })
})
