import { createHash } from 'node:crypto'
import type { Card } from '@countersign/schema'
import { expect, it } from 'vitest'
import { checked } from './checked.ts'

const action: Card['bound']['action'] = {
  tenant: 'default',
  gateway: 'http',
  mode: 'enforcing',
  verb: 'data.export',
  operation: 'http.POST',
  resources: [{ kind: 'dataset', name: 'finance.orders' }],
  parameters: { rows: 48_211, note: 'Größe' },
  environment: 'prod',
  agent: 'finance-bot',
}
const card: Card = {
  bound: {
    action,
    dataUse: { reads: [], writes: [], classes: [], sensitive: false },
    measures: {},
    terms: { signOffs: [] as unknown as Card['bound']['terms']['signOffs'] },
    obligations: [],
  },
  advisory: { sentence: 'Export', risk: { score: 1, signals: [] }, client: 'c', askedAt: 1, team: 't' },
}

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]))
}
const hashOf = (value: unknown) =>
  createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')

it('P9: finds out when what is shown is not what would be signed', () => {
  const said = { card, shown: hashOf(card), digest: hashOf(action) }
  expect(checked(said)).toEqual({ card: true, action: true })
  const other = { ...card, advisory: { ...card.advisory, sentence: 'Export nothing' } }
  expect(checked({ ...said, card: other })).toEqual({ card: false, action: true })
  const more = { ...action, parameters: { rows: 48_212, note: 'Größe' } }
  expect(checked({ ...said, card: { ...card, bound: { ...card.bound, action: more } } })).toEqual({
    card: false,
    action: false,
  })
})
