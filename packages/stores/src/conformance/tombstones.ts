import { describe, expect, it } from 'vitest'
import { minuteMs, unique } from './samples.ts'
import { type OpenStore, stage } from './stage.ts'

export function tombstones(open: OpenStore): void {
  describe('tombstones', () => {
    const scene = stage(open)

    it('stand until their time is up by the store’s clock, and for nothing else', async () => {
      const { store, clock } = scene
      const name = unique('session')
      expect(await store.tombstones.stands(name)).toBe(false)
      await store.tombstones.put(name, minuteMs)
      expect(await store.tombstones.stands(name)).toBe(true)
      expect(await store.tombstones.stands(unique('other'))).toBe(false)
      clock.advance(minuteMs - 1)
      expect(await store.tombstones.stands(name)).toBe(true)
      clock.advance(1)
      expect(await store.tombstones.stands(name)).toBe(false)
    })

    it('put twice stand for the longer time, and others are put meanwhile', async () => {
      const { store, clock } = scene
      const [name, other] = [unique('session'), unique('session')]
      await store.tombstones.put(name, 2 * minuteMs)
      await store.tombstones.put(name, minuteMs)
      clock.advance(minuteMs)
      await store.tombstones.put(other, minuteMs)
      expect(await store.tombstones.stands(name)).toBe(true)
      expect(await store.tombstones.stands(other)).toBe(true)
    })
  })
}
