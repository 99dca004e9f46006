import { sampleCard, sampleAction, sampleRecord, sampleSignOff, startOfTime } from '@countersign/stores/conformance'
import type { Action, Card, SignOff } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupKeyOf, shapeOf } from './group-key.ts'

interface Asked {
  readonly action?: Partial<Action>
  readonly signOff?: Partial<SignOff>
  readonly dataUse?: Partial<Card['bound']['dataUse']>
  readonly advisory?: Partial<Card['advisory']>
  readonly team?: string
}

const groupKey = ({ action, signOff, dataUse, advisory, team = 'data-platform' }: Asked = {}): string => {
  const record = sampleRecord({ action: sampleAction(action) })
  const card = sampleCard(record, { signOffs: [sampleSignOff(signOff)] }, startOfTime)
  const bound = { ...card.bound, dataUse: { ...card.bound.dataUse, ...dataUse } }
  return groupKeyOf({ card: { bound, advisory: { ...card.advisory, ...advisory } }, team })
}
const resource = (name: string, kind: Action['resources'][number]['kind'] = 'dataset'): Asked => ({
  action: { resources: [{ kind, name }] },
})
const outside = (name: string): Asked => ({ dataUse: { destination: { name, outside: true, known: false } } })

describe('questions are of one kind', () => {
  it.each<[string, Asked, Asked]>([
    ['with other parameters', { action: { parameters: { rows: 1 } } }, { action: { parameters: { rows: 2 } } }],
    ['with another sentence or risk', {}, { advisory: { sentence: 'Another', risk: { score: 9, signals: [] } } }],
    ['in datasets of one place', resource('finance.orders'), resource('finance.invoices')],
    ['in files of one folder', resource('/srv/a/one.md', 'file'), resource('/srv/a/two.md', 'file')],
    ['once escalated', {}, { signOff: { escalated: true, escalate: { to: 'cfo-office', afterMs: 1 } } }],
  ])('%s', (_, one, other) => {
    expect(groupKey(one)).toBe(groupKey(other))
  })

  it.each<[string, Asked, Asked]>([
    ['other agents', { action: { agent: 'a' } }, { action: { agent: 'b' } }],
    ['other environments', { action: { environment: 'prod' } }, { action: { environment: 'staging' } }],
    ['other people acted for', { action: { onBehalfOf: 'per_1' } }, { action: { onBehalfOf: 'per_2' } }],
    ['someone or nobody acted for', { action: { onBehalfOf: 'per_1' } }, {}],
    ['other operations', { action: { operation: 'a' } }, { action: { operation: 'b' } }],
    ['other places', resource('finance.orders'), resource('crm.orders')],
    ['a place and a thing by its name', resource('finance'), resource('finance.orders')],
    ['other kinds of thing', resource('a.b'), resource('a.b', 'file')],
    ['other roles', resource('admins.read', 'role'), resource('admins.write', 'role')],
    ['other destinations', outside('one.example'), outside('two.example')],
    ['other classes of data', {}, { dataUse: { classes: ['phi'] } }],
    ['other tool definitions', { action: { definition: 'a' } }, { action: { definition: 'b' } }],
    ['other people needed', {}, { signOff: { from: ['cfo-office'] } }],
    ['more people needed', {}, { signOff: { quorum: 2 } }],
  ])('never across %s', (_, one, other) => {
    expect(groupKey(one)).not.toBe(groupKey(other))
  })

  const words = fc.constantFrom('a', 'b', 'prod', 'staging', '"', 'a","b', '')
  const who = fc.record({ agent: words, environment: words, onBehalfOf: fc.option(words, { nil: undefined }) })
  const what = fc.record({
    parameters: fc.dictionary(fc.string(), fc.oneof(fc.nat(), fc.string(), fc.boolean())),
    place: fc.constantFrom('x.one', 'x.two', 'x.three'),
  })

  it('equal exactly if who asks and where are equal, whatever the parameters, in any order of names', () => {
    fc.assert(
      fc.property(who, who, what, what, (one, other, first, second) => {
        const of = ({ onBehalfOf, ...rest }: typeof one, { parameters, place }: typeof first) =>
          groupKey({
            action: {
              ...rest,
              ...(onBehalfOf !== undefined && { onBehalfOf }),
              parameters,
              resources: [{ kind: 'dataset', name: place }],
            },
          })
        const same =
          one.agent === other.agent && one.environment === other.environment && one.onBehalfOf === other.onBehalfOf
        expect(of(one, first) === of(other, second)).toBe(same)
      }),
    )
  })
})

it('a shape does not depend on the order or number of resources in one place', () => {
  const names = (...all: string[]) =>
    shapeOf(sampleAction({ resources: all.map((name) => ({ kind: 'dataset', name })) }))
  expect(names('a.one', 'b.one')).toBe(names('b.two', 'a.two', 'a.three'))
  expect(names('a.one')).not.toBe(names('a.one', 'b.one'))
})
