import { Registry } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { riskOf, type RiskView } from '../risk/signals.ts'
import { classify } from './classify.ts'

const registry = Registry.parse({
  datasets: {
    'finance.orders': { domain: 'finance', classes: ['financial'], columns: { email: ['pii'] } },
    'public.prices': { domain: 'shop', classes: ['public'] },
  },
  models: { 'in-house': { external: false } },
  destinations: { reports: { outside: false } },
})

describe('P13: every action knows its data, and unknown counts as the worst', () => {
  it.each([
    [
      'a registered dataset of which nobody says which columns',
      { reads: [{ name: 'finance.orders' }], writes: [] },
      ['pii', 'financial'],
      true,
    ],
    [
      'all of its columns',
      { reads: [{ name: 'finance.orders', columns: ['id', '*'] }], writes: [] },
      ['pii', 'financial'],
      true,
    ],
    [
      'a column that is no more than its dataset',
      { reads: [{ name: 'finance.orders', columns: ['id'] }], writes: [] },
      ['financial'],
      true,
    ],
    [
      'with the classes of its columns',
      { reads: [{ name: 'finance.orders', columns: ['email'] }], writes: [] },
      ['pii', 'financial'],
      true,
    ],
    [
      'A1: a column in another case',
      { reads: [{ name: 'finance.orders', columns: ['id', 'EMAIL'] }], writes: [] },
      ['pii', 'financial'],
      true,
    ],
    [
      'A1: columns in words that are no plain name',
      { reads: [{ name: 'finance.orders', columns: ['lower(email)'] }], writes: [] },
      ['pii', 'financial'],
      true,
    ],
    [
      'A1: a column with the name of its table',
      { reads: [{ name: 'finance.orders', columns: ['o.email'] }], writes: [] },
      ['pii', 'financial'],
      true,
    ],
    ['public data', { reads: [{ name: 'public.prices' }], writes: [] }, ['public'], false],
    ['a dataset that nobody registered', { reads: [{ name: 'x.y' }], writes: [] }, ['confidential'], true],
    ['a name that every object has', { reads: [{ name: 'constructor' }], writes: [] }, ['confidential'], true],
    ['a part that the gateway does not know', { reads: [] }, ['confidential'], true],
    ['nothing read, nothing written', { reads: [], writes: [] }, [], false],
  ])('%s', (_, lineage, classes, sensitive) => {
    expect(classify(lineage, registry)).toMatchObject({ classes, sensitive })
  })

  it('names the worst class first, wherever a list may be cut: by level, then by name, without a level before all', () => {
    const many = Registry.parse({
      classes: { board: 80, audit: 80, billing: 10, address: 50 },
      datasets: {
        crm: { domain: 'sales', classes: ['address', 'billing', 'board'], columns: { note: ['unheard-of', 'audit'] } },
        bills: { domain: 'sales', classes: ['billing', 'audit'] },
      },
    })
    const { reads, classes } = classify({ reads: [{ name: 'bills' }, { name: 'crm' }], writes: [] }, many)
    expect(classes).toEqual(['unheard-of', 'audit', 'board', 'address', 'billing'])
    expect(reads.map((node) => node.classes)).toEqual([['audit', 'billing'], classes])
  })

  it.each([
    ['a registered place inside', { destination: 'reports' }, { destination: { outside: false, known: true } }],
    [
      'somewhere nobody registered is outside',
      { destination: 'ftp://x' },
      { destination: { outside: true, known: false } },
    ],
    ['a model of one’s own', { model: 'in-house' }, { model: { external: false, known: true } }],
    ['a model nobody registered is external', { model: 'gpt-x' }, { model: { external: true, known: false } }],
  ])('%s', (_, lineage, expected) => {
    expect(classify({ reads: [], writes: [], ...lineage }, registry)).toMatchObject(expected)
  })
})

describe('risk is a sum of named signals', () => {
  const calm: RiskView = {
    verb: 'data.read',
    effect: 'read',
    destructive: false,
    environment: 'dev',
    dataUse: classify({ reads: [], writes: [] }, registry),
    firstTime: false,
    when: { hour: 10, weekday: 3 },
  }
  const secret = classify({ reads: [{ name: 'finance.orders' }], writes: [] }, registry)

  it.each<[string, Partial<RiskView>, number, string[]]>([
    ['a read at noon', {}, 0, []],
    ['a write in production', { effect: 'write', environment: 'prod' }, 40, ['write', 'production']],
    [
      'a first grant at night',
      { effect: 'grant', firstTime: true, when: { hour: 2, weekday: 3 } },
      70,
      ['grant', 'first-time', 'off-hours'],
    ],
    ['sensitive data', { dataUse: secret }, 20, ['sensitive-data']],
    ['data nobody knows', { dataUse: classify({}, registry) }, 20, ['unknown-data']],
    [
      'data that leaves',
      { dataUse: { ...secret, destination: { name: 'x', outside: true, known: false } } },
      50,
      ['sensitive-data', 'leaves-the-organization'],
    ],
    [
      'everything at once stays at 100',
      {
        effect: 'delete',
        destructive: true,
        environment: 'prod',
        firstTime: true,
        dataUse: { ...secret, destination: { name: 'x', outside: true, known: false } },
      },
      100,
      ['delete', 'destructive', 'production', 'sensitive-data', 'leaves-the-organization', 'first-time'],
    ],
  ])('%s', (_, view, score, names) => {
    const risk = riskOf({ ...calm, ...view })
    expect(risk.score).toBe(score)
    expect(risk.signals.map(({ name }) => name)).toEqual(names)
  })
})
