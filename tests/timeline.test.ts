import { Fact, type Entry } from '@countersign/schema'
import { expect, it } from 'vitest'
import { stepsOf } from '../packages/core/src/facts/steps.ts'
import { sampleStory } from '../packages/core/src/ledger/sample.ts'
import { createMemoryStore } from '../packages/stores/src/memory/memory.ts'
import { hintOf } from '../packages/server/src/api/events/hints.ts'
import { createNames } from '../packages/server/src/api/front/names.ts'
import { timeline } from '../packages/server/src/api/actions/timeline.ts'

const kinds = Fact.options.map(({ shape }) => shape.kind.value)
const steps = sampleStory().flatMap((fact) => [...stepsOf(fact)])
const entries = sampleStory().map((fact, index): Entry => ({ index, id: `ent_${index}`, at: 0, fact }))

it('the sample story has every kind of fact', () => {
  expect([...new Set(entries.map(({ fact }) => fact.kind))].toSorted()).toEqual(kinds.toSorted())
})

it('an entry of every kind is told in a sentence, and one that was erased', async () => {
  const erased = kinds.map((was, at): Entry => ({ index: 100 + at, id: 'ent_x', at: 0, fact: { kind: 'erased', was } }))
  const told = await timeline([...entries, ...erased], createNames(createMemoryStore({ clock: { now: () => 0 } })))
  expect(told).toHaveLength(steps.length + kinds.length)
  expect(told.filter(({ words }) => !/^[A-Z\d].*[^ ]\.$/.test(words) || words.includes('undefined'))).toEqual([])
  expect(told.slice(-kinds.length).map(({ type }) => type)).toEqual(kinds)
})

it('what is decided and permitted in one is told in two sentences, of one entry', async () => {
  const allowed = entries.filter(({ fact }) => fact.kind === 'action.allowed')
  const told = await timeline(allowed, createNames(createMemoryStore({ clock: { now: () => 0 } })))
  expect(told.map(({ index, id, type, words }) => [index, id, type, words])).toEqual([
    [4, 'ent_4', 'action.allowed', 'Policy allows it (risk 40, policies finance-export).'],
    [4, 'ent_4', 'action.allowed', 'It was given a permit to run.'],
  ])
})

it('a hint names ids alone, and who read or was erased is nobody’s news', () => {
  const hints = entries.flatMap((entry) => hintOf(entry) ?? [])
  const silent = entries.filter((entry) => hintOf(entry) === undefined).map(({ fact }) => fact.kind)
  expect(silent).toEqual(['person.changed', 'record.read', 'record.erased'])
  const ids = hints.flatMap(({ index: _index, kind: _kind, ...rest }) => Object.values(rest))
  expect(ids.filter((id) => id === undefined || !/^[\w-]+$/.test(id))).toEqual([])
  expect(hints.find(({ kind }) => kind === 'approval.granted')).toEqual({
    index: 10,
    kind: 'approval.granted',
    approval: 'apr_1',
    action: 'act_2',
    agent: 'reporter',
  })
  expect(hintOf({ index: 1, id: 'ent_1', at: 0, fact: { kind: 'erased', was: 'action.decided' } })).toBeUndefined()
})
