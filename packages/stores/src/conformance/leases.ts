import { describe, expect, it } from 'vitest'
import { minuteMs, unique } from './samples.ts'
import { type OpenStore, stage } from './stage.ts'

export function leases(open: OpenStore): void {
  describe('leases', () => {
    const scene = stage(open)
    const held = async (name: string, holder: string): Promise<number> => {
      const epoch = await scene.store.leases.hold(name, holder, minuteMs)
      if (epoch === undefined) throw new Error(`${holder} did not get the lease`)
      return epoch
    }

    it('have one holder, until its time is up by the store’s clock', async () => {
      const { store, clock } = scene
      const name = unique('lease')
      const first = await held(name, 'one')
      clock.advance(minuteMs - 1)
      expect(await store.leases.hold(name, 'two', minuteMs)).toBeUndefined()
      clock.advance(2)
      const second = await held(name, 'two')
      expect(second).toBeGreaterThan(first)
      expect(await store.leases.hold(name, 'one', minuteMs)).toBeUndefined()
    })

    it('are renewed under the same epoch, for as long again from now', async () => {
      const { store, clock } = scene
      const name = unique('lease')
      const epoch = await held(name, 'one')
      clock.advance(minuteMs / 2)
      expect(await held(name, 'one')).toBe(epoch)
      clock.advance(minuteMs - 1)
      expect(await store.leases.hold(name, 'two', minuteMs)).toBeUndefined()
    })

    it('never give an epoch twice: not after running out, not after a release, not to the same holder', async () => {
      const { store, clock } = scene
      const name = unique('lease')
      const epochs = [await held(name, 'one')]
      clock.advance(minuteMs + 1)
      epochs.push(await held(name, 'one'))
      await store.leases.release(name, 'one')
      epochs.push(await held(name, 'one'))
      await store.leases.release(name, 'one')
      epochs.push(await held(name, 'two'))
      expect(epochs).toEqual([...new Set(epochs)].toSorted((one, other) => one - other))
    })

    it('are free once released, by their holder only', async () => {
      const { store } = scene
      const name = unique('lease')
      await held(name, 'one')
      await store.leases.release(name, 'two')
      expect(await store.leases.hold(name, 'two', minuteMs)).toBeUndefined()
      await store.leases.release(name, 'one')
      await held(name, 'two')
      await store.leases.release(unique('nobody’s'), 'one')
    })

    it('go to one of many that race for them', async () => {
      const { store } = scene
      const name = unique('lease')
      const epochs = await Promise.all(
        Array.from({ length: 20 }, (_, place) => store.leases.hold(name, `node-${place}`, minuteMs)),
      )
      expect(epochs.filter((epoch) => epoch !== undefined)).toHaveLength(1)
    })

    it('are listed while they are held, by name', async () => {
      const { store, clock } = scene
      const [first, second, third] = ['a', 'b', 'c'].map((each) => unique(`lease-${each}`)) as [string, string, string]
      const ours = async () => (await store.leases.list()).filter(({ name }) => [first, second, third].includes(name))
      const until = clock.now() + minuteMs
      for (const name of [second, first, third]) await held(name, 'one')
      await store.leases.release(third, 'one')
      expect(await ours()).toEqual([
        { name: first, holder: 'one', until },
        { name: second, holder: 'one', until },
      ])
      clock.advance(minuteMs)
      expect(await ours()).toEqual([])
    })

    it('pass on from a holder that died before the clock was put back by hours', async () => {
      const { store, clock } = scene
      const name = unique('lease')
      const first = await held(name, 'one')
      clock.advance(-minuteMs / 2)
      expect(await store.leases.hold(name, 'two', minuteMs)).toBeUndefined()
      clock.advance(-60 * minuteMs)
      expect(await held(name, 'two')).toBeGreaterThan(first)
      expect(await store.leases.hold(name, 'one', minuteMs)).toBeUndefined()
    })

    it('are independent of each other', async () => {
      await held(unique('lease'), 'one')
      await held(unique('lease'), 'two')
    })
  })
}
