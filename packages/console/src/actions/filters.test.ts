import { expect, it } from 'vitest'
import { dayBegins, dayOf, exportPath, filtersOf, pasted, pathOf, without } from './filters.ts'

it('asks the server only for what it knows', () => {
  const filters = filtersOf('?verb=data.export&dataset=a%20b&agent=&evil=1')
  expect(filters).toEqual({ verb: 'data.export', dataset: 'a b' })
  expect(pathOf(filters)).toBe('/api/actions?limit=50&verb=data.export&dataset=a+b')
  expect(exportPath('csv', without(filters, 'verb'))).toBe('/api/actions/export?format=csv&dataset=a+b')
})

it.each([
  ['act_01920000-0000-7000-8000-000000000000', { id: 'act_01920000-0000-7000-8000-000000000000' }],
  ['apr_1', { approval: 'apr_1' }],
  ['per_1', { person: 'per_1' }],
  ['a'.repeat(64), { digest: 'a'.repeat(64) }],
  ['finance.orders', undefined],
])('knows what was pasted: %s', (text, filters) => {
  expect(pasted(text)).toEqual(filters)
})

it('a day that is chosen is the day that is shown', () => {
  for (const day of ['2027-01-15', '2028-02-29', '2027-10-31']) {
    expect(dayOf(dayBegins(day))).toBe(day)
    expect(dayOf(dayBegins(day, 1), 1)).toBe(day)
  }
  expect([dayBegins(''), dayOf('nonsense'), dayOf(undefined)]).toEqual([undefined, '', ''])
})
