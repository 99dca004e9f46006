import { expect, it } from 'vitest'
import { filtersOf, pathOf } from './filters.ts'

it('asks the server only for what it knows', () => {
  const filters = filtersOf('?verb=data.export&dataset=a%20b&agent=&evil=1')
  expect(filters).toEqual({ verb: 'data.export', dataset: 'a b' })
  expect(pathOf(filters)).toBe('/api/actions?limit=50&dataset=a+b&verb=data.export')
})
