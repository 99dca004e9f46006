import { createMemoryStore } from '@countersign/stores'
import { expect, it } from 'vitest'
import { onOneInstance } from './one-instance.ts'

it('one instance follows at a time, and another once it is gone', async () => {
  let now = 0
  const store = createMemoryStore({ clock: { now: () => now } })
  const working: string[] = []
  const follower = { name: 'reader', from: 'beginning' as const }
  const open = (node: string) =>
    onOneInstance({
      store,
      node,
      follower,
      log: () => undefined,
      everyMs: 1,
      elapsedMs: () => now,
      start() {
        working.push(node)
        return {
          state: () => ({ ...follower, trouble: undefined, leftOut: [] }),
          close: async () => void working.splice(working.indexOf(node), 1),
        }
      },
    })

  const one = await open('one')
  const two = await open('two')
  expect(working).toEqual(['one'])
  await one.close()
  await expect.poll(() => working).toEqual(['two'])
  const three = await open('three')
  now += 60_000 // nobody has heard of the second for so long
  await expect.poll(() => working).toHaveLength(1)
  await three.close()
  await two.close()
  expect(working).toEqual([])
})
