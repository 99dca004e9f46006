import { expect, it } from 'vitest'
import { askedFor, lineagePath } from './asked.ts'

it.each([
  ['?dataset=finance.orders', { kind: 'dataset', name: 'finance.orders' }],
  ['?agent=ml-bot&x=1', { kind: 'agent', name: 'ml-bot' }],
  ['?column=finance.orders.email', { kind: 'column', name: 'finance.orders.email' }],
  ['?agent=a&model=b', undefined],
  ['?agent=%20', undefined],
  ['', undefined],
])('%s asks for %j', (search, asked) => {
  expect(askedFor(search)).toEqual(asked)
})

it('asks the server for exactly one node', () => {
  expect(lineagePath({ kind: 'dataset', name: 'a&b' })).toBe('/api/lineage?limit=50&dataset=a%26b')
})
