import { isError, newId } from '@countersign/core'
import type { ActionRecord, Fact, PermitRecord } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { begins, decided, finished, replayed, sampleUnknown } from './facts.ts'
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
        return { facts: begins(next, samplePermit(next)) }
      }
      return { store, record, permit, credential, first, leave, again }
    }

    it('gets one permit for one attempt id, whatever the action', async () => {
      const { store, credential, leave, record } = await scenes({ replayable: false })
      const other = record({ attempt: { credential, id: 'attempt-1' } })
      const again = { facts: begins(other, samplePermit(other)) }
      await expectRefusal(store, again, 'ERR_ATTEMPT_KNOWN')
      await store.commit({ facts: [finished(leave)] })
      await expectRefusal(store, again, 'ERR_ATTEMPT_KNOWN')
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
      const results = await Promise.allSettled(
        racers.map((racer) => store.commit({ facts: begins(racer, samplePermit(racer)) })),
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
        expect((await store.permits.undelivered(credential, leave.asked))?.permit).toEqual(leave)

        await store.commit({ facts: [replayed(leave, attempt(credential))] })
        expect(await store.permits.get(leave.id)).toMatchObject({ delivered: true })
        expect(await store.permits.undelivered(credential, leave.asked)).toBeUndefined()
        await store.commit(change)
      })

      it('counts also when how it ended is unknown', async () => {
        const { store, credential, leave, again } = await scenes()
        await store.commit({ facts: [finished(leave, { outcome: sampleUnknown, delivered: false })] })
        await expectRefusal(store, await again({ credential, id: 'attempt-2' }), 'ERR_ATTEMPT_KNOWN')
      })

      it.each<[string, Partial<PermitRecord>, (leave: PermitRecord) => ReturnType<typeof finished>]>([
        ['it was delivered', {}, (leave) => finished(leave, { delivered: true })],
        ['the run is not replayable', { replayable: false }, (leave) => finished(leave, { delivered: false })],
      ])('is a new run where %s', async (_, over, end) => {
        const { store, credential, leave, again } = await scenes(over)
        await store.commit({ facts: [end(leave)] })
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

    describe('C1: while a replayable run of the same action has not ended', () => {
      const elsewhere = 'nod_elsewhere'
      type Again = (attempt: ActionRecord['attempt']) => Promise<{ facts: Fact[] }>
      const on = async (again: Again, attempt: ActionRecord['attempt'], over: Partial<PermitRecord>) => {
        const change = await again(attempt)
        return {
          facts: change.facts.flatMap((fact) =>
            fact.kind === 'action.allowed' ? begins(fact.record, { ...samplePermit(fact.record), ...over }) : [fact],
          ),
        }
      }

      it.each<[string, Partial<PermitRecord>, boolean, Partial<PermitRecord>]>([
        ['was countersigned', { approval: newId('apr') }, true, {}],
        ['is not, and the next one is countersigned', {}, true, { approval: newId('apr') }],
        ['runs on another node', {}, true, { node: elsewhere }],
        ['runs on another node, and the next one has no attempt id', {}, false, { node: elsewhere }],
      ])('one that %s is in the way', async (_, over, named, next) => {
        const { store, credential, leave, again } = await scenes(over)
        const attempt = named ? { credential, id: 'attempt-2' } : { credential }
        const change = await on(again, attempt, next)
        await expectRefusal(store, change, 'ERR_ATTEMPT_KNOWN')
        const known = await store.commit(change).catch((error: unknown) => error)
        expect(isError(known, 'ERR_ATTEMPT_KNOWN') && known.detail).toEqual(leave)
        await store.commit({ facts: [finished(leave, { delivered: true })] })
        await store.commit(change)
      })

      it('one whose client has gone is in the way, and says so', async () => {
        const { store, credential, leave, again } = await scenes()
        await store.permits.abandon({ permit: leave.id })
        await expectRefusal(store, await again({ credential, id: 'attempt-2' }), 'ERR_ATTEMPT_KNOWN')
        expect(await store.permits.begun(credential, leave.asked)).toMatchObject({ permit: leave, abandoned: true })
        expect(await store.permits.get(leave.id)).toMatchObject({ abandoned: true })
      })

      it('one of a node that is gone is in the way, those of the others are not', async () => {
        const { store, credential, leave, again } = await scenes()
        const other = await scenes({ node: elsewhere })
        await store.permits.abandon({ notOf: [elsewhere] })
        await expectRefusal(store, await again({ credential, id: 'attempt-2' }), 'ERR_ATTEMPT_KNOWN')
        expect(await store.permits.get(leave.id)).toMatchObject({ abandoned: true })
        expect(await store.permits.get(other.leave.id)).not.toHaveProperty('abandoned')
        await store.commit(
          await on(other.again, { credential: other.credential, id: 'attempt-2' }, { node: elsewhere }),
        )
      })

      it('one that has ended is no more abandoned than it was', async () => {
        const { store, leave } = await scenes()
        await store.commit({ facts: [finished(leave)] })
        await store.permits.abandon({ permit: leave.id })
        await store.permits.abandon({ notOf: [] })
        expect(await store.permits.get(leave.id)).not.toHaveProperty('abandoned')
      })

      it.each<[string, Partial<PermitRecord>, Partial<PermitRecord>, string | undefined]>([
        ['both run on the same node, whose clients wait', { node: elsewhere }, { node: elsewhere }, 'attempt-2'],
        ['the same, without an attempt id', { node: elsewhere }, { node: elsewhere }, undefined],
        ['it is not replayable', { replayable: false, approval: newId('apr') }, { node: elsewhere }, undefined],
      ])('is a run of its own where %s', async (_, over, next, id) => {
        const { store, credential, again } = await scenes(over)
        await store.commit(await on(again, { credential, ...(id !== undefined && { id }) }, next))
      })

      it('is found by its credential and digest, the newest first, until it has ended', async () => {
        const { store, credential, leave, again } = await scenes()
        expect((await store.permits.begun(credential, leave.asked))?.permit).toEqual(leave)
        expect(await store.permits.begun(unique('key'), leave.asked)).toBeUndefined()
        expect(await store.permits.begun(credential, 'f'.repeat(64))).toBeUndefined()
        await store.commit(await on(again, { credential, id: 'attempt-2' }, { node: leave.node }))
        expect((await store.permits.begun(credential, leave.asked))?.permit.attempt.id).toBe('attempt-2')
        await store.commit({ facts: [finished(leave)] })
        expect((await store.permits.begun(credential, leave.asked))?.permit.attempt.id).toBe('attempt-2')
      })
    })

    it('cannot be replayed from a permit that is not there (P2)', async () => {
      const action = sampleRecord()
      await scene.store.commit({ facts: [decided(action)] })
      await expectRefusal(scene.store, { facts: [replayed(samplePermit(action))] }, 'ERR_STORE_CONFLICT')
    })
  })
}
