import type { Letter } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { minuteMs, unique } from './samples.ts'
import { type OpenStore, stage } from './stage.ts'

export function outbox(open: OpenStore): void {
  describe('the outbox', () => {
    const scene = stage(open)
    const week = 7 * 24 * 60 * minuteMs

    /** Letters of a channel of its own, each about a question of its own unless one is named. */
    function mailer() {
      const channel = unique('channel')
      const letter = (recipient: string, entry: number, approval = `apr_${entry}`): Letter => ({
        channel,
        recipient,
        notice: `${approval}.${entry}`,
        approval,
        entry,
      })
      const due = async (limit = 100) =>
        (await scene.store.outbox.due([channel], limit)).map(({ recipient, entry }) => `${recipient} ${entry}`)
      return { channel, letter, due }
    }

    it('hands out the first letter of each recipient, and the next once that is settled', async () => {
      const { outbox: box } = scene.store
      const { letter, due } = mailer()
      await box.put([letter('place:b', 2), letter('place:a', 3), letter('place:a', 1)])
      expect((await due()).toSorted()).toEqual(['place:a 1', 'place:b 2'])
      await box.delivered(letter('place:a', 1), 'm1')
      expect((await due()).toSorted()).toEqual(['place:a 3', 'place:b 2'])
      await box.giveUp(letter('place:a', 3), 'ERR_UPSTREAM')
      await box.delivered(letter('place:b', 2), '')
      expect(await due()).toEqual([])
    })

    it('knows a letter by its channel, recipient and notice: put again, it is let be', async () => {
      const { outbox: box } = scene.store
      const { letter, due } = mailer()
      await box.put([letter('place:a', 1), letter('place:a', 1)])
      await box.put([letter('place:a', 1), letter('place:b', 1)])
      expect(await due()).toHaveLength(2)
      await box.delivered(letter('place:a', 1), 'm1')
      await box.giveUp(letter('place:b', 1), 'gone')
      await box.put([letter('place:a', 1), letter('place:b', 1)])
      expect(await due()).toEqual([])
    })

    it('tries a letter again after its time, and lets none overtake it; other recipients do not wait', async () => {
      const { clock, store } = scene
      const { letter, due, channel } = mailer()
      await store.outbox.put([letter('place:dead', 1), letter('place:dead', 2), letter('place:well', 3)])
      await store.outbox.later(letter('place:dead', 1), 'ERR_UPSTREAM', minuteMs)
      expect(await due()).toEqual(['place:well 3'])
      clock.advance(minuteMs - 1)
      expect(await due()).toEqual(['place:well 3'])
      clock.advance(1)
      expect((await due()).toSorted()).toEqual(['place:dead 1', 'place:well 3'])
      expect(await store.outbox.due([channel], 100)).toContainEqual(
        expect.objectContaining({ entry: 1, tries: 1, queuedAt: clock.now() - minuteMs }),
      )
    })

    it('hands out no more than is asked for, those that have waited longest first, and none of other channels', async () => {
      const { clock, store } = scene
      const { letter, due } = mailer()
      const other = mailer()
      for (const [place, recipient] of ['place:c', 'place:a', 'place:b'].entries()) {
        await store.outbox.put([letter(recipient, place), other.letter(recipient, place)])
        clock.advance(1)
      }
      expect(await due(2)).toEqual(['place:c 0', 'place:a 1'])
    })

    it('a settled letter stays as it is, whoever comes late', async () => {
      const { outbox: box } = scene.store
      const { letter, due } = mailer()
      await box.put([letter('place:a', 1, 'apr_1')])
      await box.delivered(letter('place:a', 1, 'apr_1'), 'm1')
      await box.later(letter('place:a', 1, 'apr_1'), 'ERR_UPSTREAM', 0)
      await box.giveUp(letter('place:a', 1, 'apr_1'), 'gone')
      expect(await due()).toEqual([])
      expect(await box.message(letter('place:a', 1, 'apr_1'))).toBe('m1')
    })

    it('tells by which message a recipient last heard of a question', async () => {
      const { outbox: box } = scene.store
      const { letter } = mailer()
      const [first, second, third] = [1, 2, 3].map((entry) => letter('place:a', entry, 'apr_1'))
      if (!first || !second || !third) throw new Error('three letters')
      await box.put([first, second, third])
      expect(await box.message(first)).toBeUndefined()
      await box.delivered(first, 'm1')
      await box.delivered(second, 'm2')
      await box.delivered(third, '')
      expect(await box.message(first)).toBe('m2')
      expect(await box.message({ ...first, recipient: 'place:b' })).toBeUndefined()
      expect(await box.message({ ...first, approval: 'apr_2' })).toBeUndefined()
    })

    it('counts what waits, and shows the newest twenty that were given up', async () => {
      const { clock, store } = scene
      const { letter, channel } = mailer()
      const before = (await store.outbox.state()).waiting
      for (let entry = 1; entry <= 22; entry += 1) {
        await store.outbox.put([letter('place:a', entry)])
        clock.advance(1)
        await store.outbox.giveUp(letter('place:a', entry), 'ERR_UPSTREAM')
      }
      await store.outbox.put([letter('place:a', 23)])
      const { waiting, dead } = await store.outbox.state()
      expect([waiting - before, dead.length]).toEqual([1, 20])
      expect(dead[0]).toEqual({ ...letter('place:a', 22), channel, code: 'ERR_UPSTREAM', diedAt: clock.now() })
    })

    it('forgets after a week what was settled, and never what waits', async () => {
      const { clock, store } = scene
      const { letter, due } = mailer()
      await store.outbox.put([letter('place:a', 1), letter('place:b', 2)])
      await store.outbox.delivered(letter('place:a', 1), 'm1')
      clock.advance(week)
      await store.outbox.put([letter('place:a', 1)])
      expect((await due()).toSorted()).toEqual(['place:a 1', 'place:b 2'])
    })
  })
}
