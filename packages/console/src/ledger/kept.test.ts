import { expect, it } from 'vitest'
import { forget, keep, readKept } from './kept.ts'

it('remembers by origin, and takes nothing malformed', () => {
  const held = new Map<string, string>()
  const storage = {
    getItem: (key: string) => held.get(key) ?? null,
    removeItem: (key: string) => void held.delete(key),
    setItem: (key: string, value: string) => void held.set(key, value),
  }
  const kept = { vkey: 'v', checkpoint: 'c', size: 3, at: 1 }
  keep('countersign/default', kept, storage)
  expect(readKept('countersign/default', storage)).toEqual(kept)
  expect(readKept('other/default', storage)).toBeUndefined()
  for (const key of held.keys()) held.set(key, '{"vkey":1}')
  expect(readKept('countersign/default', storage)).toBeUndefined()
  forget('countersign/default', storage)
  expect(held.size).toBe(0)
})
