import { isError, newId } from '@countersign/core'
import type { Approval, ApprovalState, OpenApproval } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { asked, changed } from './facts.ts'
import {
  cancelled,
  expired,
  granted,
  minuteMs,
  rejected,
  sampleAction,
  sampleOpen,
  sampleRecord,
  sampleSignature,
  signed,
  spent,
  unique,
  voided,
} from './samples.ts'
import { everyPage, expectRefusal, type OpenStore, stage } from './stage.ts'

export function approvals(open: OpenStore): void {
  describe('approvals', () => {
    const scene = stage(open)

    const ask = async (question: OpenApproval = sampleOpen()): Promise<OpenApproval> => {
      await scene.store.commit({ facts: [asked(question)] })
      return question
    }

    describe('versions', () => {
      it.each([
        ['a new one that does not begin at 1', () => sampleOpen(sampleRecord(), { version: 2 })],
        ['a version that skips one', async () => ({ ...(await ask()), version: 3 })],
        ['the version that is stored already', () => ask()],
      ])('refuses %s', async (_, question) => {
        await expectRefusal(scene.store, { facts: [asked(await question())] }, 'ERR_STORE_CONFLICT')
      })

      it.each<[ApprovalState, (question: OpenApproval) => Approval]>([
        ['open', (question) => signed(question, sampleSignature(question, 'per-one'))],
        ['granted', (question) => granted(question, sampleSignature(question, 'per-one'))],
        ['rejected', (question) => rejected(question, sampleSignature(question, 'per-one', { verdict: 'reject' }))],
        ['expired', expired],
        ['cancelled', cancelled],
        ['voided', voided],
      ])('keeps the next one: %s', async (state, next) => {
        const approval = next(await ask())
        await scene.store.commit({ facts: [changed('signed', approval)] })
        expect(await scene.store.approvals.get(approval.id)).toEqual(approval)
        expect(approval.state).toBe(state)
      })

      it('of racing signatures on the same version one wins, and none that was acknowledged is lost (P5)', async () => {
        const { store } = scene
        const question = await ask()
        const signatures = Array.from({ length: 20 }, (_, place) => sampleSignature(question, `per-${place}`))
        const results = await Promise.allSettled(
          signatures.map((signature) =>
            store.commit({ facts: [changed('signed', signed(question, signature), signature)] }),
          ),
        )

        const won = signatures.filter((_, place) => results[place]?.status === 'fulfilled')
        expect(won).toHaveLength(1)
        for (const result of results) {
          if (result.status === 'rejected') expect(isError(result.reason, 'ERR_STORE_CONFLICT')).toBe(true)
        }
        expect(await store.approvals.get(question.id)).toMatchObject({ version: 2, signatures: won })
      })
    })

    describe('one question per action at a time', () => {
      it('refuses another while one is open or granted', async () => {
        const { store } = scene
        const record = sampleRecord()
        const question = await ask(sampleOpen(record))
        await expectRefusal(store, { facts: [asked(sampleOpen(record))] }, 'ERR_STORE_CONFLICT')
        await store.commit({ facts: [changed('granted', granted(question))] })
        await expectRefusal(store, { facts: [asked(sampleOpen(record))] }, 'ERR_STORE_CONFLICT')
        expect(await store.approvals.latest(record.digest)).toEqual(granted(question))
      })

      it.each<[ApprovalState, (question: OpenApproval) => Approval]>([
        ['rejected', (question) => rejected(question, sampleSignature(question, 'per-one', { verdict: 'reject' }))],
        ['expired', expired],
        ['cancelled', cancelled],
        ['voided', voided],
      ])('takes another once it is %s', async (_, settle) => {
        const record = sampleRecord()
        const question = await ask(sampleOpen(record))
        await scene.store.commit({ facts: [changed('cancelled', settle(question))] })
        await ask(sampleOpen(record, { askedAt: question.askedAt + 1 }))
      })

      it('of two instances that ask at once one wins', async () => {
        const record = sampleRecord()
        const results = await Promise.allSettled(Array.from({ length: 10 }, () => ask(sampleOpen(record))))
        const lost = results.filter((result) => result.status === 'rejected')
        expect(lost).toHaveLength(9)
        for (const { reason } of lost) expect(reason).toMatchObject({ code: 'ERR_STORE_CONFLICT' })
      })
    })

    describe('signatures', () => {
      it('refuses one by a person whom the question bars (P3)', async () => {
        const question = await ask(sampleOpen(sampleRecord(), { barred: ['per-owner', 'per-starter'] }))
        const signature = sampleSignature(question, 'per-starter')
        const facts = [changed('granted', granted(question, signature), signature)]
        await expectRefusal(scene.store, { facts }, 'ERR_SELF_APPROVAL')
        expect(await scene.store.approvals.get(question.id)).toEqual(question)
      })

      it('refuses it also where only the approval carries it, and where the carried one has lost its bar (P3)', async () => {
        const question = await ask(sampleOpen(sampleRecord(), { barred: ['per-owner'] }))
        const quiet = signed(question, sampleSignature(question, 'per-owner'))
        await expectRefusal(scene.store, { facts: [changed('signed', quiet)] }, 'ERR_SELF_APPROVAL')
        const forged = { ...quiet, barred: [] }
        await expectRefusal(scene.store, { facts: [changed('signed', forged)] }, 'ERR_SELF_APPROVAL')
      })

      it('refuses a second one by the same person (P5)', async () => {
        const question = await ask()
        const first = sampleSignature(question, 'per-one')
        const once = signed(question, first)
        await scene.store.commit({ facts: [changed('signed', once, first)] })

        const second = sampleSignature(question, 'per-one', { channel: 'teams' })
        const facts = [changed('granted', granted(once, second), second)]
        await expectRefusal(scene.store, { facts }, 'ERR_APPROVAL_SIGNED_TWICE')
        expect(await scene.store.approvals.get(question.id)).toEqual(once)
      })
    })

    describe('latest', () => {
      it('is the newest for this digest, in whatever state', async () => {
        const { store } = scene
        const record = sampleRecord()
        const first = await ask(sampleOpen(record))
        await store.commit({ facts: [changed('expired', expired(first))] })
        expect(await store.approvals.latest(record.digest)).toEqual(expired(first))

        const second = await ask(sampleOpen(record, { askedAt: first.askedAt + minuteMs }))
        expect(await store.approvals.latest(record.digest)).toEqual(second)
      })

      it('is nothing for an action nobody asked about', async () => {
        expect(await scene.store.approvals.latest(sampleRecord().digest)).toBeUndefined()
        expect(await scene.store.approvals.get('apr_00000000-0000-7000-8000-000000000000')).toBeUndefined()
      })
    })

    describe('list', () => {
      const agent = unique('lister')
      const others = unique('other')
      const count = 250
      const questions: OpenApproval[] = []

      it('pages newest first through 250 without a gap or a repeat, also while new ones arrive', async () => {
        const { store } = scene
        for (let place = 0; place < count; place += 1) {
          const record = sampleRecord({ action: sampleAction({ agent: place % 5 === 0 ? others : agent }) })
          questions.push(sampleOpen(record, { askedAt: scene.clock.now() + place }))
        }
        for (let from = 0; from < count; from += 50) {
          await store.commit({ facts: questions.slice(from, from + 50).map(asked) })
        }

        const expected = questions.filter((_, place) => place % 5 !== 0).toReversed()
        const pages = await everyPage(async (after) => {
          const page = await store.approvals.list({ agent, limit: 30, after })
          await ask(
            sampleOpen(sampleRecord({ action: sampleAction({ agent }) }), { askedAt: scene.clock.now() + 1000 }),
          )
          return page
        })
        expect(pages.map((page) => page.length)).toEqual([30, 30, 30, 30, 30, 30, 20])
        expect(pages.flat().map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
      })

      it('takes only the states asked for', async () => {
        const { store } = scene
        const [one, two, three] = questions.filter((question) => question.card.bound.action.agent === others)
        if (one === undefined || two === undefined || three === undefined) throw new Error('the case before asks fifty')
        await store.commit({ facts: [changed('granted', granted(one)), changed('cancelled', cancelled(two))] })

        const ids = async (...states: ApprovalState[]) =>
          (await store.approvals.list({ agent: others, states, limit: 100 })).items.map(({ id }) => id)
        expect(await ids('granted', 'cancelled')).toEqual([two.id, one.id])
        expect(await ids('granted')).toEqual([one.id])
        expect(await ids('open')).toHaveLength(48)
        expect(await ids('spent')).toEqual([])
      })

      it('refuses a place that no page has named', async () => {
        const lost = scene.store.approvals.list({ after: 'somewhere' })
        await expect(lost).rejects.toMatchObject({ code: 'ERR_INPUT_INVALID' })
      })

      it('has a limit of its own', async () => {
        const { items, next } = await scene.store.approvals.list({})
        expect(items.length).toBeGreaterThan(0)
        expect(items.length).toBeLessThan(count)
        expect(next).toBeDefined()
      })
    })

    describe('count', () => {
      it('tells how many are open and how many were asked since, for this agent and this person', async () => {
        const { store } = scene
        const agent = unique('asker')
        const questionAt = (askedAt: number, onBehalfOf?: string) => {
          const action = sampleAction({ agent, ...(onBehalfOf !== undefined && { onBehalfOf }) })
          return sampleOpen(sampleRecord({ action }), { askedAt })
        }
        const now = scene.clock.now()
        const first = questionAt(now)
        const rest = [questionAt(now + 10), questionAt(now + 20), questionAt(now + 20, 'per-one')]
        await store.commit({ facts: [first, ...rest].map(asked) })
        await store.commit({ facts: [changed('cancelled', cancelled(first))] })

        const count = (onBehalfOf: string | undefined, since: number) =>
          store.approvals.count({ agent, onBehalfOf }, since)
        expect(await count(undefined, now)).toEqual({ open: 2, asked: 3 })
        expect(await count(undefined, now + 15)).toEqual({ open: 2, asked: 1 })
        expect(await count('per-one', now)).toEqual({ open: 1, asked: 1 })
        expect(await count('per-two', now)).toEqual({ open: 0, asked: 0 })
        expect((await store.approvals.unsettled()).open).toBeGreaterThanOrEqual(3)
      })
    })
  })

  describe('approvals that are due', () => {
    const scene = stage(open)

    it('are open ones past expiry or escalation and granted ones past their validity, by the store’s clock', async () => {
      const { store, clock } = scene
      const now = clock.now()
      const expiring = sampleOpen(sampleRecord(), { expiresAt: now + 10 * minuteMs })
      const escalating = sampleOpen(sampleRecord(), { escalateAt: now + 20 * minuteMs, expiresAt: now + 90 * minuteMs })
      const lapsing = sampleOpen(sampleRecord(), { expiresAt: now + 90 * minuteMs })
      const used = sampleOpen(sampleRecord(), { expiresAt: now + minuteMs })
      const lasting = sampleOpen(sampleRecord(), { expiresAt: now + 90 * minuteMs })
      const grant = { ...granted(lapsing), validUntil: now + 30 * minuteMs }
      await store.commit({ facts: [expiring, escalating, lapsing, used, lasting].map(asked) })
      await store.commit({ facts: [changed('granted', grant), changed('granted', granted(used))] })
      await store.commit({ facts: [changed('spent', spent(granted(used), newId('prm')))] })

      const dueAt = async (atMs: number) => {
        clock.set(atMs)
        return (await store.approvals.due()).map(({ id }) => id).toSorted()
      }
      const sorted = (...approvals: Approval[]) => approvals.map(({ id }) => id).toSorted()
      expect(await dueAt(now + 10 * minuteMs - 1)).toEqual([])
      expect(await dueAt(now + 10 * minuteMs + 1)).toEqual(sorted(expiring))
      expect(await dueAt(now + 20 * minuteMs + 1)).toEqual(sorted(expiring, escalating))
      expect(await dueAt(now + 30 * minuteMs + 1)).toEqual(sorted(expiring, escalating, grant))
      expect(await dueAt(now + 90 * minuteMs + 1)).toEqual(sorted(expiring, escalating, grant, lasting))

      await store.commit({ facts: [changed('expired', expired(expiring)), changed('expired', expired(grant))] })
      expect(await dueAt(now + 91 * minuteMs)).toEqual(sorted(escalating, lasting))
    })

    it('come at most 100 at a time', async () => {
      const { store, clock } = scene
      const questions = Array.from({ length: 120 }, () => sampleOpen(sampleRecord(), { expiresAt: clock.now() + 1 }))
      await store.commit({ facts: questions.map(asked) })
      clock.advance(minuteMs)
      expect(await store.approvals.due()).toHaveLength(100)
    })
  })
}
