/** What was permitted and certainly never began leaves no trace that anyone could stumble over (P2, P10). */
import { setTimeout as pause } from 'node:timers/promises'
import { type Change, CountersignError, type Permit } from '@countersign/core'
import type { KeptResult } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { minute } from './cast.ts'
import { type AttemptOptions, done, isPermit, scene, type Scene } from './scene.ts'

const kept: KeptResult = { contentType: 'text/plain', body: Buffer.from('48,211 rows').toString('base64') }

describe('C1: the answer to the permit’s commit is lost', () => {
  const lose = (made: Scene, stands: boolean) => {
    const commit = made.store.commit.bind(made.store)
    made.store.commit = async (change: Change) => {
      if (!change.facts.some(isPermit)) return commit(change)
      made.store.commit = commit
      if (stands) await commit(change)
      throw new CountersignError('ERR_STORE_UNAVAILABLE')
    }
  }

  it('and it stands: it is told that nothing ran, and the same attempt may be made again at once', async () => {
    const made = scene({ says: 'allow' })
    lose(made, true)
    await expect(made.attempt({ id: 'one' })).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    await expect
      .poll(async () => (await made.lives())[0]?.outcome)
      .toMatchObject({
        kind: 'failed',
        summary: expect.stringContaining('Nothing was run'),
      })
    expect(made.ran()).toBe(0)
    expect(await made.attempt({ id: 'one' })).toMatchObject({ ending: 'ran' })
    expect(await made.attempt({ id: 'one' })).toMatchObject({ ending: 'done', refusal: { summary: 'ok' } })
    expect(await made.attempt({ id: 'two' })).toMatchObject({ ending: 'ran' })
    expect(made.ran()).toBe(2)
  })

  it('once the store is back, however long that takes', async () => {
    const made = scene({ says: 'allow', recordAgainAfterMs: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1] })
    lose(made, true)
    const lost = expect(made.attempt()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    made.breakStore('action.finished')
    await lost
    await pause(3)
    made.breakStore(undefined)
    await expect.poll(async () => (await made.lives())[0]?.outcome?.kind).toBe('failed')
  })

  it('and it does not stand: nothing is told of it, and the same runs', async () => {
    const made = scene({ says: 'allow' })
    lose(made, false)
    await expect(made.attempt({ id: 'one' })).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    expect(await made.story()).toEqual([])
    expect(await made.attempt({ id: 'one' })).toMatchObject({ ending: 'ran' })
  })
})

describe('C1: an attempt that never began may be made again under its id', () => {
  const late = (made: Scene) => async (permit: Permit) => {
    made.loseLease()
    try {
      permit.begin()
    } catch {
      return { ...done(), outcome: { kind: 'failed', summary: 'nothing was sent' } } as const
    } finally {
      made.regainLease()
    }
    return done()
  }
  const refused = async (permit: Permit) => {
    permit.begin()
    return { ...done(), outcome: { kind: 'failed', summary: 'nobody listens', begun: false } } as const
  }

  it.each<[string, (made: Scene) => AttemptOptions['run']]>([
    ['its permit came too late', late],
    ['its gateway knows that nothing was sent', () => refused],
    ['it threw before it began', () => () => Promise.reject(new Error('no'))],
  ])('and runs once: %s, twice', async (_, how) => {
    const made = scene({ says: 'allow' })
    const run = how(made)
    for (const _again of [1, 2]) await made.attempt({ id: 'one', ...(run && { run }) })
    expect(await made.lives()).toMatchObject([{ outcome: { begun: false } }, { outcome: { begun: false } }])
    const begins = async (permit: Permit) => {
      permit.begin()
      return { ...done(), result: kept }
    }
    expect(await made.attempt({ id: 'one', run: begins })).toMatchObject({ ending: 'ran' })
    expect(await made.attempt({ id: 'one' })).toMatchObject({ ending: 'replayed', result: kept })
    expect(await made.attempt({ id: 'one' })).toMatchObject({ ending: 'replayed', result: kept })
    expect(made.ran()).toBe(3)
  })

  it('where people signed they are asked anew: what they signed was for one run', async () => {
    const made = scene({ says: 'ask' })
    await made.attempt({ id: 'one' })
    await made.answer('per_ben')
    await made.attempt({ id: 'one', run: refused })
    expect(await made.attempt({ id: 'one' })).toMatchObject({ ending: 'waiting' })
    await made.answer('per_ben')
    expect(await made.attempt({ id: 'one' })).toMatchObject({ ending: 'ran' })
    expect(await made.attempt({ id: 'one' })).toMatchObject({ ending: 'done' })
    expect(made.ran()).toBe(2)
    expect(await made.questions()).toHaveLength(2)
  })

  it('also where its client hung up before it began: there is nothing to hand out', async () => {
    const made = scene({ says: 'allow' })
    await made.attempt({ id: 'one', run: async (permit) => ({ ...(await refused(permit)), delivered: false }) })
    expect(await made.attempt({ id: null })).toMatchObject({ ending: 'ran' })
  })

  it('not where it began and failed: that is its outcome', async () => {
    const made = scene({ says: 'allow' })
    const failed = async (permit: Permit) => {
      permit.begin()
      return { ...done(), outcome: { kind: 'failed', summary: 'HTTP 500' } } as const
    }
    await made.attempt({ id: 'one', run: failed })
    expect(await made.attempt({ id: 'one' })).toMatchObject({ ending: 'done' })
    expect(made.ran()).toBe(1)
  })

  it('five at once run once', async () => {
    const made = scene({ says: 'allow' })
    await made.attempt({ id: 'one', run: refused })
    const begins = async (permit: Permit) => {
      permit.begin()
      await pause(20)
      return { ...done(), result: kept }
    }
    const endings = await Promise.all(
      Array.from({ length: 5 }, () => made.attempt({ id: 'one', run: begins, patienceMs: minute })),
    )
    expect(endings.map(({ ending }) => ending).toSorted()).toEqual(
      ['ran', ...Array.from({ length: 4 }, () => 'replayed')].toSorted(),
    )
    expect(made.ran()).toBe(2)
  })

  it('another action under that id is refused', async () => {
    const made = scene({ says: 'allow' })
    await made.attempt({ id: 'one', run: refused })
    await expect(made.attempt({ id: 'one', parameters: { rows: 1 } })).rejects.toMatchObject({
      code: 'ERR_ATTEMPT_KNOWN',
    })
  })
})
