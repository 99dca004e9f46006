import { isError } from '@countersign/core'
import type { ActionRecord, PermitRecord } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { decided, finished, permitted, replayed, sampleUnknown } from './facts.ts'
import { samplePermit, sampleRecord, unique } from './samples.ts'
import { enrol, expectRefusal, type OpenStore, stage } from './stage.ts'

export function attempts(open: OpenStore): void {
  describe('attempts (P10)', () => {
    const scene = stage(open)

    /** One action that ran, and the same action sent again by the same credential under another attempt. */
    const scenes = async (over: Partial<PermitRecord> = {}) => {
      const { store } = scene
      const { record, permit } = await enrol(store)
      const credential = unique('key')
      const first = record({ attempt: { credential, id: 'attempt-1' } })
      const leave = await permit(first, over)
      const again = async (attempt: ActionRecord['attempt']) => {
        const next = sampleRecord({ action: first.action, attempt })
        await store.commit({ facts: [decided(next)] })
        return { facts: [permitted(samplePermit(next))] }
      }
      return { store, record, permit, credential, first, leave, again }
    }

    it('gets one permit for one attempt id, whatever the action', async () => {
      const { store, credential, leave, record } = await scenes({ replayable: false })
      const other = record({ attempt: { credential, id: 'attempt-1' } })
      await store.commit({ facts: [decided(other)] })
      await expectRefusal(store, { facts: [permitted(samplePermit(other))] }, 'ERR_ATTEMPT_KNOWN')
      await store.commit({ facts: [finished(leave)] })
      await expectRefusal(store, { facts: [permitted(samplePermit(other))] }, 'ERR_ATTEMPT_KNOWN')
    })

    it('tells which permit it was', async () => {
      const { store, credential, leave, again } = await scenes()
      const known = await store.commit(await again({ credential, id: 'attempt-1' })).catch((error: unknown) => error)
      expect(isError(known, 'ERR_ATTEMPT_KNOWN') && known.detail).toEqual(leave)
    })

    it('knows attempt ids apart by their credential', async () => {
      const { store, again } = await scenes()
      await store.commit(await again({ credential: unique('key'), id: 'attempt-1' }))
    })

    it('without an id are never the same', async () => {
      const { store } = scene
      const { record, permit } = await enrol(store)
      const attempt = { credential: unique('key') }
      await permit(record({ attempt }))
      await permit(record({ attempt }))
      expect(await store.permits.byAttempt(attempt.credential, '')).toBeUndefined()
    })

    it('that race with one id get one permit', async () => {
      const { store } = scene
      const { record } = await enrol(store)
      const attempt = { credential: unique('key'), id: 'attempt-1' }
      const racers = Array.from({ length: 20 }, () => record({ attempt }))
      await store.commit({ facts: racers.map(decided) })
      const results = await Promise.allSettled(
        racers.map((racer) => store.commit({ facts: [permitted(samplePermit(racer))] })),
      )
      const lost = results.filter((result) => result.status === 'rejected')
      expect(lost).toHaveLength(19)
      for (const { reason } of lost) expect(reason).toMatchObject({ code: 'ERR_ATTEMPT_KNOWN' })
    })

    describe('when the answer of a replayable run was not delivered', () => {
      it.each([
        ['another attempt', (credential: string) => ({ credential, id: 'attempt-2' })],
        ['an attempt without id', (credential: string) => ({ credential })],
      ])('the same action in %s is handed that run, until it has been replayed', async (_, attempt) => {
        const { store, credential, leave, again } = await scenes()
        await store.commit({ facts: [finished(leave, { delivered: false })] })
        const change = await again(attempt(credential))
        await expectRefusal(store, change, 'ERR_ATTEMPT_KNOWN')
        const known = await store.commit(change).catch((error: unknown) => error)
        expect(isError(known, 'ERR_ATTEMPT_KNOWN') && known.detail).toEqual(leave)
        expect((await store.permits.undelivered(credential, leave.digest))?.permit).toEqual(leave)

        await store.commit({ facts: [replayed(leave, attempt(credential))] })
        expect(await store.permits.get(leave.id)).toMatchObject({ delivered: true })
        expect(await store.permits.undelivered(credential, leave.digest)).toBeUndefined()
        await store.commit(change)
      })

      it('counts also when how it ended is unknown', async () => {
        const { store, credential, leave, again } = await scenes()
        await store.commit({ facts: [finished(leave, { outcome: sampleUnknown, delivered: false })] })
        await expectRefusal(store, await again({ credential, id: 'attempt-2' }), 'ERR_ATTEMPT_KNOWN')
      })

      it.each<[string, Partial<PermitRecord>, (leave: PermitRecord) => ReturnType<typeof finished> | undefined]>([
        ['it was delivered', {}, (leave) => finished(leave, { delivered: true })],
        ['the run is not replayable', { replayable: false }, (leave) => finished(leave, { delivered: false })],
        ['it is still running', {}, () => undefined],
      ])('is a new run where %s', async (_, over, end) => {
        const { store, credential, leave, again } = await scenes(over)
        const fact = end(leave)
        if (fact !== undefined) await store.commit({ facts: [fact] })
        await store.commit(await again({ credential, id: 'attempt-2' }))
      })

      it('is nobody else’s: another credential gets its own run', async () => {
        const { store, leave, again } = await scenes()
        await store.commit({ facts: [finished(leave, { delivered: false })] })
        await store.commit(await again({ credential: unique('key'), id: 'attempt-2' }))
      })

      it('is only for the same action: another digest gets its own run', async () => {
        const { store, credential, leave, record, permit } = await scenes()
        await store.commit({ facts: [finished(leave, { delivered: false })] })
        await permit(record({ attempt: { credential, id: 'attempt-2' } }))
      })
    })

    it('cannot be replayed from a permit that is not there (P2)', async () => {
      const action = sampleRecord()
      await scene.store.commit({ facts: [decided(action)] })
      await expectRefusal(scene.store, { facts: [replayed(samplePermit(action))] }, 'ERR_STORE_CONFLICT')
    })
  })
}
