import { byPerson } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { asked, changed, decided, finished, founded, permitted, replayed } from './facts.ts'
import {
  expired,
  granted,
  minuteMs,
  sampleDeny,
  sampleOpen,
  samplePermit,
  sampleRecord,
  sampleSignature,
  spent,
  unique,
} from './samples.ts'
import { enrol, followed, type OpenStore, stage } from './stage.ts'

export function actions(open: OpenStore): void {
  describe('the life of an action', () => {
    const scene = stage(open)

    it('is its record, question, permit and outcome, with their times and a timeline', async () => {
      const { store, clock } = scene
      const { record } = await enrol(store)
      const action = record()
      const question = sampleOpen(action)
      const signature = sampleSignature(question, 'per-one')
      const grant = granted(question, signature)
      const permit = samplePermit(action, { approval: question.id })
      const decidedAt = clock.now()
      const facts = [
        [decided(action), asked(question)],
        [changed('granted', grant, signature)],
        [changed('spent', spent(grant, permit.id)), permitted(permit)],
        [finished(permit, { delivered: false })],
        [replayed(permit)],
      ]
      for (const change of facts) {
        await store.commit({ facts: [...change, founded()] })
        clock.advance(minuteMs)
      }

      const found = await store.actions.get(action.id)
      expect(found?.life).toEqual({
        record: action,
        at: decidedAt,
        approval: spent(grant, permit.id),
        permit,
        permittedAt: decidedAt + 2 * minuteMs,
        outcome: finished(permit).outcome,
        finishedAt: decidedAt + 3 * minuteMs,
      })
      expect(await store.actions.lives([unique('act'), action.id])).toEqual([found?.life])
      expect(found?.timeline.map((entry) => entry.fact)).toEqual(facts.flat())
      expect(found?.timeline.map((entry) => entry.at)).toEqual(
        facts.flatMap((change, place) => change.map(() => decidedAt + place * minuteMs)),
      )
    })

    it('B7: a flood of refused signatures hides neither what was asked nor what came of it, and is counted', async () => {
      const { store } = scene
      const action = sampleRecord()
      const question = sampleOpen(action)
      const refused = {
        kind: 'signature.refused',
        by: byPerson('per-one'),
        approval: question.id,
        code: 'ERR_SELF_APPROVAL',
        channel: 'chat',
      } as const
      const flood = Array.from({ length: 500 }, () => refused)
      await store.commit({ facts: [decided(action), asked(question)] })
      for (let sent = 0; sent < 1_000; sent += 500) await store.commit({ facts: flood })
      await store.commit({ facts: [changed('expired', expired(question))] })
      for (let sent = 0; sent < 1_000; sent += 500) await store.commit({ facts: flood })

      const found = await store.actions.get(action.id)
      const kinds = (found?.timeline ?? []).map(({ fact }) => fact.kind)
      expect(kinds).toEqual([
        'action.decided',
        'approval.changed',
        'approval.changed',
        ...Array.from({ length: 20 }, () => 'signature.refused'),
      ])
      expect(found?.leftOut).toBe(1_980)
    })

    it('begins with the record alone', async () => {
      const { store, clock } = scene
      const action = sampleRecord({ decision: sampleDeny() })
      const index = await store.commit({ facts: [decided(action)] })
      const found = await store.actions.get(action.id)
      expect(found?.life).toEqual({ record: action, at: clock.now() })
      expect(found?.timeline).toEqual(await store.journal.read(index, 1))
      expect(await store.actions.get('act_00000000-0000-7000-8000-000000000000')).toBeUndefined()
    })

    it('includes the question that the same action asked before, once its permit spends it (P10)', async () => {
      const { store } = scene
      const { record } = await enrol(store)
      const first = record()
      const question = sampleOpen(first)
      const again = sampleRecord({ action: first.action })
      const permit = samplePermit(again, { approval: question.id })
      const before = [decided(first), asked(question), changed('granted', granted(question))]
      const after = [decided(again), changed('spent', spent(granted(question), permit.id)), permitted(permit)]
      await store.commit({ facts: before })
      await store.commit({ facts: after })

      const found = await store.actions.get(again.id)
      expect(found?.life).toMatchObject({ record: again, permit, approval: { id: question.id, state: 'spent' } })
      expect(found?.timeline.map((entry) => entry.fact)).toEqual([...before.slice(1), ...after])
      expect((await store.actions.get(first.id))?.life.permit).toBeUndefined()
    })

    it('tells whether an agent was ever permitted an operation', async () => {
      const { store } = scene
      const { agent, record, permit } = await enrol(store)
      const operation = unique('mcp.tools/call')
      const action = record({}, { operation })
      await store.commit({ facts: [decided(action)] })
      await followed(store)
      expect(await store.actions.seen(agent.id, operation)).toBe(false)
      await permit(record({}, { operation }))
      await followed(store)
      expect(await store.actions.seen(agent.id, operation)).toBe(true)
      expect(await store.actions.seen(agent.id, 'another operation')).toBe(false)
      expect(await store.actions.seen('nobody', operation)).toBe(false)
    })

    it('forgets that of an agent that is erased (P12), also where a follower comes to it too late', async () => {
      const { store } = scene
      const { agent, record, permit } = await enrol(store)
      const [before, after] = [unique('operation'), unique('operation')]
      const onBehalfOf = unique('per')
      await permit(record({}, { operation: before, onBehalfOf }))
      await followed(store)
      await permit(record({}, { operation: after, onBehalfOf }))
      await store.journal.erase(agent.id)
      await followed(store)
      expect(await store.actions.seen(agent.id, before)).toBe(false)
      expect(await store.actions.seen(agent.id, after)).toBe(false)
    })
  })
}
