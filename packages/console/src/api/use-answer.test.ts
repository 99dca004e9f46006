import { expect, it } from 'vitest'
import { chainOf } from './use-answer.ts'

it('begins each page where the one before it now ends', () => {
  const said = new Map<string, { items: number[]; next?: string }>([
    ['/api/x?limit=2', { items: [9, 8], next: 'n 8' }],
    ['/api/x?limit=2&after=n%208', { items: [7, 6], next: 'n6' }],
  ])
  const read = (path: string) => ({ at: 1, value: said.get(path) })
  expect(chainOf('/api/x?limit=2', 1, read)).toMatchObject({ items: [9, 8], more: true })
  expect(chainOf('/api/x?limit=2', 2, read)).toMatchObject({ items: [9, 8, 7, 6], more: true })
  expect(chainOf('/api/x?limit=2', 3, read)).toMatchObject({ items: [9, 8, 7, 6], more: false })
})
