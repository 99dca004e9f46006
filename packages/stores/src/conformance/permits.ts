import { type ErrorCode, isError } from '@countersign/core'
import type { ActionRecord, Agent, Fact, PermitRecord } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import {
  activated,
  agentChanged,
  asked,
  begins,
  changed,
  decided,
  finished,
  permitted,
  personChanged,
  sampleDone,
  sampleFailed,
  sampleUnknown,
  sampleUnreported,
  toolChanged,
} from './facts.ts'
import {
  granted,
  minuteMs,
  sampleOpen,
  samplePermit,
  samplePerson,
  sampleRecord,
  sampleTool,
  spent,
  unique,
} from './samples.ts'
import { enrol, expectRefusal, type OpenStore, stage } from './stage.ts'

/** What makes it the same action, sent again. */
const sameAction = ({ action, digest }: ActionRecord) => ({ action, digest })

export function permits(open: OpenStore): void {
  describe('permits', () => {
    const scene = stage(open)

    it('are found by their id and by their attempt, without outcome at first', async () => {
      const { store } = scene
      const { record, permit } = await enrol(store)
      const leave = await permit(record())
      const life = { permit: leave, outcome: undefined, finishedAt: undefined, delivered: false, result: undefined }
      expect(await store.permits.get(leave.id)).toEqual(life)
      expect(await store.permits.byAttempt(leave.attempt.credential, leave.attempt.id ?? '')).toEqual(life)
      expect(await store.permits.byAttempt('another-key', leave.attempt.id ?? '')).toBeUndefined()
      expect(await store.permits.byAttempt(leave.attempt.credential, 'another attempt')).toBeUndefined()
      expect(await store.permits.get('prm_00000000-0000-7000-8000-000000000000')).toBeUndefined()
    })

    describe('need an agent that is active, at the version that was judged (P15)', () => {
      it.each<[string, (agent: Agent) => Partial<PermitRecord>]>([
        ['an agent nobody registered', () => ({ agent: 'nobody' })],
        ['an older version', (agent) => ({ agentVersion: agent.version - 1 })],
        ['a version to come', (agent) => ({ agentVersion: agent.version + 1 })],
      ])('refuses %s', async (_, over) => {
        const { store } = scene
        const { agent, record } = await enrol(store)
        await store.commit({ facts: [agentChanged({ ...agent, version: 2 })] })
        const { agent: id = agent.id, ...rest } = over({ ...agent, version: 2 })
        const action = record({}, { agent: id })
        const permit = samplePermit(action, { agentVersion: 2, ...rest })
        await expectRefusal(store, { facts: begins(action, permit) }, 'ERR_STORE_CONFLICT')
        expect(await store.permits.get(permit.id)).toBeUndefined()
      })

      it('refuses a stopped one, and takes it again once it is started', async () => {
        const { store } = scene
        const { agent, record } = await enrol(store)
        const action = record()
        const stopped = { ...agent, version: 2, status: 'stopped' as const }
        await store.commit({ facts: [agentChanged(stopped, 'stopped')] })
        const refused = { facts: begins(action, samplePermit(action, { agentVersion: 2 })) }
        await expectRefusal(store, refused, 'ERR_STORE_CONFLICT')

        await store.commit({ facts: [agentChanged({ ...agent, version: 3 }, 'started')] })
        await store.commit({ facts: begins(action, samplePermit(action, { agentVersion: 3 })) })
      })

      it('lets no permit slip past a stop that was acknowledged before it', async () => {
        const { store } = scene
        const { agent, record } = await enrol(store)
        const tries = Array.from({ length: 30 }, async () => {
          const action = record()
          return store.commit({ facts: begins(action, samplePermit(action)) })
        })
        const stop = store.commit({ facts: [agentChanged({ ...agent, version: 2, status: 'stopped' }, 'stopped')] })
        const stoppedAt = await stop
        for (const result of await Promise.allSettled(tries)) {
          if (result.status === 'fulfilled') expect(result.value).toBeLessThan(stoppedAt)
          else expect(isError(result.reason, 'ERR_STORE_CONFLICT')).toBe(true)
        }
      })
    })

    describe('rest on what they were judged on, as it stands when they are written', () => {
      const alone = stage(open) // policies in force are those of all
      const judged = async () => {
        const { store } = alone
        const { agent, record } = await enrol(store)
        const person = samplePerson()
        const tool = sampleTool()
        await store.commit({ facts: [personChanged(person), toolChanged(tool), activated('v1')] })
        const action = record()
        const on = {
          people: [{ id: person.id, version: 1 }],
          tool: { id: tool.id, definition: tool.pinned?.hash ?? '' },
        }
        return { store, agent, person, tool, action, permit: samplePermit(action, on) }
      }
      const other = { hash: 'd'.repeat(64), says: {} }

      it('and are taken while all of it is so', async () => {
        const { store, action, permit, tool } = await judged()
        const listed = { ...tool, version: 2, listed: other } // what the server lists is not what may be used
        await store.commit({ facts: [toolChanged(listed, 'listed'), activated('v1')] })
        await store.commit({ facts: begins(action, permit) })
        expect((await store.permits.get(permit.id))?.permit).toEqual(permit)
      })

      it.each<[string, ErrorCode, (on: Awaited<ReturnType<typeof judged>>) => Fact]>([
        [
          'a key was revoked',
          'ERR_STORE_CONFLICT',
          ({ agent }) => agentChanged({ ...agent, version: 2 }, 'key-revoked'),
        ],
        [
          'a person was switched off, or left a group',
          'ERR_STORE_CONFLICT',
          ({ person }) => personChanged({ ...person, version: 2, active: false }, 'switched-off'),
        ],
        ['other policies are in force', 'ERR_POLICY_OUTDATED', () => activated('v2')],
        [
          'the tool has another definition',
          'ERR_TOOL_CHANGED',
          ({ tool }) => toolChanged({ ...tool, version: 2, pinned: other, listed: other }, 'accepted'),
        ],
      ])('and are refused once %s', async (_, code, after) => {
        const on = await judged()
        await on.store.commit({ facts: [after(on)] })
        await expectRefusal(on.store, { facts: begins(on.action, on.permit) }, code)
        expect(await on.store.permits.get(on.permit.id)).toBeUndefined()
      })

      it.each<[string, ErrorCode, Partial<PermitRecord>]>([
        ['a person nobody knows', 'ERR_STORE_CONFLICT', { people: [{ id: 'per_nobody', version: 1 }] }],
        ['a tool nobody knows', 'ERR_TOOL_CHANGED', { tool: { id: 'crm/nothing', definition: 'e'.repeat(64) } }],
      ])('and are refused where they rest on %s', async (_, code, over) => {
        const { store, action, permit } = await judged()
        await expectRefusal(store, { facts: begins(action, { ...permit, ...over }) }, code)
      })

      it('also behind what was activated in the same change, and by the older ones once they are activated again', async () => {
        const { store, action, permit } = await judged()
        const begun = begins(action, permit)
        await expectRefusal(store, { facts: [activated('v2'), ...begun] }, 'ERR_POLICY_OUTDATED')
        await store.commit({ facts: [activated('v2')] })
        await store.commit({ facts: [activated('v1'), ...begun] })
      })
    })

    describe('under a grant', () => {
      const grant = async () => {
        const { store } = scene
        const { record, permit } = await enrol(store)
        const action = record()
        const question = sampleOpen(action)
        await store.commit({ facts: [decided(action), asked(question), changed('granted', granted(question))] })
        return { store, action, record, permit, grant: granted(question) }
      }
      /** The same action sent again: its own record and attempt, the same digest. */
      const again = (action: ActionRecord, record: (over: object) => ActionRecord) =>
        ({ ...record({}), ...sameAction(action) }) satisfies ActionRecord

      it('spend it in the same commit', async () => {
        const { store, action, grant: grantedOne } = await grant()
        const permit = samplePermit(action, { approval: grantedOne.id })
        await store.commit({ facts: [changed('spent', spent(grantedOne, permit.id)), permitted(permit)] })
        expect(await store.approvals.get(grantedOne.id)).toMatchObject({ state: 'spent', permit: permit.id })
        expect((await store.permits.get(permit.id))?.permit).toEqual(permit)
      })

      it('are refused a second time (P6)', async () => {
        const { store, action, record, grant: grantedOne } = await grant()
        await store.commit({ facts: [permitted(samplePermit(action, { approval: grantedOne.id, replayable: false }))] })
        const next = again(action, record)
        await store.commit({ facts: [decided(next)] })
        const second = samplePermit(next, { approval: grantedOne.id, replayable: false })
        await expectRefusal(store, { facts: [permitted(second)] }, 'ERR_GRANT_SPENT')
      })

      it('of a hundred racing ones exactly one wins (P6)', async () => {
        const { store, action, record, grant: grantedOne } = await grant()
        const racers = Array.from({ length: 100 }, () => again(action, record))
        await store.commit({ facts: racers.map(decided) })
        const racing = racers.map((racer) => samplePermit(racer, { approval: grantedOne.id }))
        const { size } = await store.ledger.head()
        const results = await Promise.allSettled(
          racing.map((permit) =>
            store.commit({ facts: [changed('spent', spent(grantedOne, permit.id)), permitted(permit)] }),
          ),
        )

        const won = racing.filter((_, place) => results[place]?.status === 'fulfilled')
        expect(won).toHaveLength(1)
        for (const result of results) {
          if (result.status === 'fulfilled') continue
          expect(isError(result.reason, 'ERR_GRANT_SPENT', 'ERR_STORE_CONFLICT')).toBe(true)
        }
        expect(await store.approvals.get(grantedOne.id)).toMatchObject({ state: 'spent', permit: won[0]?.id })
        const kept = await Promise.all(racing.map((permit) => store.permits.get(permit.id)))
        expect(kept.filter((life) => life !== undefined)).toHaveLength(1)
        expect((await store.ledger.head()).size).toBe(size + 2)
      })

      it('of a hundred racing permits alone exactly one wins, and the others hear why (P6)', async () => {
        const { store, action, record, grant: grantedOne } = await grant()
        const racers = Array.from({ length: 100 }, () => again(action, record))
        await store.commit({ facts: racers.map(decided) })
        const results = await Promise.allSettled(
          racers.map((racer) => store.commit({ facts: [permitted(samplePermit(racer, { approval: grantedOne.id }))] })),
        )
        const lost = results.filter((result) => result.status === 'rejected')
        expect(lost).toHaveLength(99)
        for (const { reason } of lost) expect(reason).toMatchObject({ code: 'ERR_GRANT_SPENT' })
      })
    })

    describe('outcomes', () => {
      it('belong to a permit: none without it is taken (P2)', async () => {
        const action = sampleRecord()
        await scene.store.commit({ facts: [decided(action)] })
        const orphan = { facts: [finished(samplePermit(action))] }
        await expectRefusal(scene.store, orphan, 'ERR_STORE_CONFLICT')
      })

      it('are kept with when, whether the client got it, and the answer itself', async () => {
        const { store, clock } = scene
        const { record, permit } = await enrol(store)
        const leave = await permit(record())
        const result = { contentType: 'application/json', status: 200, body: 'e30=' }
        clock.advance(minuteMs)
        await store.commit({ facts: [finished(leave, { delivered: false, result })] })
        expect(await store.permits.get(leave.id)).toEqual({
          permit: leave,
          outcome: sampleDone,
          finishedAt: clock.now(),
          delivered: false,
          result,
        })
      })

      it.each([
        ['done', sampleDone],
        ['failed', sampleFailed],
      ])('are final once %s', async (_, outcome) => {
        const { store } = scene
        const { record, permit } = await enrol(store)
        const leave = await permit(record())
        await store.commit({ facts: [finished(leave, { outcome })] })
        for (const next of [sampleDone, sampleFailed, sampleUnknown]) {
          await expectRefusal(store, { facts: [finished(leave, { outcome: next })] }, 'ERR_PERMIT_FINISHED')
        }
        expect((await store.permits.get(leave.id))?.outcome).toEqual(outcome)
      })

      it.each([sampleUnknown, sampleUnreported])(
        'may come late after $kind: appended, once, nothing rewritten',
        async (open) => {
          const { store } = scene
          const { record, permit } = await enrol(store)
          const leave = await permit(record())
          await store.commit({ facts: [finished(leave, { outcome: open, delivered: false })] })
          expect((await store.permits.get(leave.id))?.outcome).toEqual(open)
          for (const again of [sampleUnknown, sampleUnreported])
            await expectRefusal(store, { facts: [finished(leave, { outcome: again })] }, 'ERR_PERMIT_FINISHED')

          await store.commit({ facts: [finished(leave)] })
          expect((await store.permits.get(leave.id))?.outcome).toEqual(sampleDone)
          await expectRefusal(store, { facts: [finished(leave)] }, 'ERR_PERMIT_FINISHED')
          const { timeline } = (await store.actions.get(leave.actionId)) ?? { timeline: [] }
          expect(timeline.map((entry) => entry.fact)).toMatchObject([
            { kind: 'action.allowed' },
            { kind: 'action.finished', outcome: open },
            { kind: 'action.finished', outcome: sampleDone },
          ])
        },
      )

      it('of racing ones exactly one is recorded', async () => {
        const { store } = scene
        const { record, permit } = await enrol(store)
        const leave = await permit(record())
        const results = await Promise.allSettled(
          Array.from({ length: 10 }, () => store.commit({ facts: [finished(leave)] })),
        )
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      })
    })
  })

  describe('permits that nobody knows the end of', () => {
    const scene = stage(open)

    it.each([sampleUnknown, sampleUnreported])(
      'are told of by their digest, the newest first, until it is known how each ended: $kind',
      async (outcome) => {
        const { store } = scene
        const { record, permit } = await enrol(store)
        const first = record({ attempt: { credential: unique('key'), id: 'one' } })
        const second = { ...record({ attempt: { credential: unique('key'), id: 'two' } }), ...sameAction(first) }
        const newest = async () => (await store.permits.openEnded(first.digest))?.permit
        expect(await newest()).toBeUndefined()

        const earlier = await permit(first)
        const later = await permit(second)
        await permit(record())
        expect(await newest()).toEqual(later)
        await store.commit({ facts: [finished(later)] })
        expect(await newest()).toEqual(earlier)
        await store.commit({ facts: [finished(earlier, { outcome, delivered: false })] })
        expect(await newest()).toEqual(earlier)
        await store.commit({ facts: [finished(earlier)] })
        expect(await newest()).toBeUndefined()
      },
    )
  })

  it('permits that were never reported are counted, until a report comes late', async () => {
    const store = await open()
    try {
      const { record, permit } = await enrol(store)
      const [silent, late, unknown] = [await permit(record()), await permit(record()), await permit(record())]
      expect(await store.permits.unreported()).toBe(0)
      for (const one of [silent, late]) await store.commit({ facts: [finished(one, { outcome: sampleUnreported })] })
      await store.commit({ facts: [finished(unknown, { outcome: sampleUnknown })] })
      expect(await store.permits.unreported()).toBe(2)
      await store.commit({ facts: [finished(late)] })
      expect(await store.permits.unreported()).toBe(1)
    } finally {
      await store.close()
    }
  })

  describe('permits that are overdue', () => {
    const scene = stage(open)

    it('are those without an outcome past their deadline, at most 100', async () => {
      const { store, clock } = scene
      const { record, permit } = await enrol(store)
      const deadline = clock.now() + 10 * minuteMs
      const silent = await permit(record(), { deadline })
      const patient = await permit(record(), { deadline: deadline + 10 * minuteMs })
      const settled = await permit(record(), { deadline })
      await store.commit({ facts: [finished(settled)] })

      clock.set(deadline - 1)
      expect(await store.permits.overdue()).toEqual([])
      clock.set(deadline + 1)
      expect(await store.permits.overdue()).toEqual([silent])
      await store.commit({ facts: [finished(silent, { outcome: sampleUnknown })] })
      expect(await store.permits.overdue()).toEqual([])

      const many = Array.from({ length: 120 }, () => record())
      await store.commit({ facts: many.flatMap((one) => begins(one, samplePermit(one, { deadline }))) })
      expect(await store.permits.overdue()).toHaveLength(100)
      expect((await store.permits.get(patient.id))?.outcome).toBeUndefined()
    })
  })
}
