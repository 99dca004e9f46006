import { isError } from '@countersign/core'
import type { Agent } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { agentChanged, asked, decided, founded } from './facts.ts'
import { minuteMs, sampleAction, sampleAgent, sampleOpen, sampleRecord } from './samples.ts'
import { expectRefusal, follow, type OpenStore, stage } from './stage.ts'

export function commits(open: OpenStore): void {
  describe('commit', () => {
    const scene = stage(open)

    it('resolves to the index of its first fact, without gaps', async () => {
      const { store } = scene
      const { size } = await store.ledger.head()
      expect(await store.commit({ facts: [founded(), founded(), founded()] })).toBe(size)
      expect(await store.commit({ facts: [founded()] })).toBe(size + 3)
      expect((await store.ledger.head()).size).toBe(size + 4)
    })

    it('shows everything to every read once it has resolved', async () => {
      const { store } = scene
      const agent = sampleAgent()
      const record = sampleRecord()
      const question = sampleOpen(record)
      const index = await store.commit({ facts: [agentChanged(agent), decided(record), asked(question)] })

      expect(await store.agents.get(agent.id)).toEqual(agent)
      expect(await store.approvals.get(question.id)).toEqual(question)
      expect(await store.approvals.latest(record.digest)).toEqual(question)
      expect((await store.actions.get(record.id))?.life).toMatchObject({ record, approval: question })
      expect((await store.journal.read(index, 3)).map((entry) => entry.fact)).toEqual([
        agentChanged(agent),
        decided(record),
        asked(question),
      ])
    })

    it('gives text and numbers back as they came, whatever they are made of', async () => {
      const { store } = scene
      const parameters = {
        'a\u0000b': 'nul \u0000, ünïcödé, 🔑, \u2028, \\u0000, "quoted" and \'quoted\'',
        numbers: [0, -1.5, 1e-7, 1e300, Number.MAX_SAFE_INTEGER],
        nested: [{ empty: {} }, [], null, true, ''],
        long: 'x'.repeat(100_000),
      }
      const record = sampleRecord({ action: sampleAction({ parameters }), sentence: 'nul \u0000' })
      const question = sampleOpen(record)
      const index = await store.commit({ facts: [decided(record), asked(question)] })
      expect((await store.actions.get(record.id))?.life).toMatchObject({ record, approval: question })
      expect((await store.journal.read(index, 1))[0]?.fact).toEqual(decided(record))
    })

    it('takes no fact that nobody could read again, and nothing of what came with it', async () => {
      const { store } = scene
      const { size } = await store.ledger.head()
      const unreadable = sampleRecord({ session: 7 as unknown as string })
      await expectRefusal(store, { facts: [founded(), decided(unreadable)] }, 'ERR_INPUT_INVALID')
      expect((await store.ledger.head()).size).toBe(size)
    })

    it('keeps a copy: what the caller changes afterwards changes nothing here', async () => {
      const { store } = scene
      const agent = sampleAgent({ groups: ['before'] })
      await store.commit({ facts: [agentChanged(agent)] })
      agent.groups.push('after')
      expect((await store.agents.get(agent.id))?.groups).toEqual(['before'])
    })

    it('is all or nothing: the last fact that is refused takes the first ones with it', async () => {
      const { store } = scene
      const agent = sampleAgent()
      const record = sampleRecord()
      const question = sampleOpen(record)
      const stale = sampleAgent({ version: 7 })
      const facts = [agentChanged(agent), decided(record), asked(question), agentChanged(stale)]
      await expectRefusal(store, { facts }, 'ERR_STORE_CONFLICT')

      expect(await store.agents.get(agent.id)).toBeUndefined()
      expect(await store.approvals.get(question.id)).toBeUndefined()
      expect(await store.approvals.latest(question.digest)).toBeUndefined()
      expect(await store.actions.get(record.id)).toBeUndefined()
      await store.commit({ facts: facts.slice(0, 3) })
    })

    it('lets a later fact of one change build on an earlier one', async () => {
      const { store } = scene
      const agent = sampleAgent()
      const stopped: Agent = { ...agent, version: 2, status: 'stopped' }
      await store.commit({ facts: [agentChanged(agent), agentChanged(stopped, 'stopped')] })
      expect(await store.agents.get(agent.id)).toEqual(stopped)
    })

    it('refuses an action whose id is taken', async () => {
      const { store } = scene
      const record = sampleRecord()
      await store.commit({ facts: [decided(record)] })
      await expectRefusal(store, { facts: [decided(sampleRecord({ id: record.id }))] }, 'ERR_STORE_CONFLICT')
    })

    it('applies concurrent changes one after the other: contiguous, whole, each in its own order', async () => {
      const { store } = scene
      const { size } = await store.ledger.head()
      const agents = Array.from({ length: 60 }, () => sampleAgent())
      const first = await Promise.all(
        agents.map((agent) => store.commit({ facts: [agentChanged(agent), agentChanged({ ...agent, version: 2 })] })),
      )

      expect(first.toSorted((one, other) => one - other)).toEqual(agents.map((_, place) => size + 2 * place))
      const entries = await store.journal.read(size, 120)
      expect(entries.map((entry) => entry.index)).toEqual(entries.map((_, place) => size + place))
      expect(new Set(entries.map((entry) => entry.id)).size).toBe(120)
      for (const [place, agent] of agents.entries()) {
        const at = (first[place] ?? 0) - size
        expect(entries.slice(at, at + 2).map((entry) => entry.fact)).toMatchObject([
          { agent: { id: agent.id, version: 1 } },
          { agent: { id: agent.id, version: 2 } },
        ])
      }
    })

    it('lets a change that is refused do no harm to the ones beside it', async () => {
      const { store } = scene
      const { size } = await store.ledger.head()
      const agents = Array.from({ length: 40 }, (_, place) => sampleAgent({ version: place % 4 === 0 ? 9 : 1 }))
      const results = await Promise.allSettled(agents.map((agent) => store.commit({ facts: [agentChanged(agent)] })))

      for (const [place, result] of results.entries()) {
        const agent = agents[place]
        const stored = await store.agents.get(agent?.id ?? '')
        if (result.status === 'fulfilled') expect(stored).toEqual(agent)
        else expect([isError(result.reason, 'ERR_STORE_CONFLICT'), stored]).toEqual([true, undefined])
        expect(result.status).toBe(place % 4 === 0 ? 'rejected' : 'fulfilled')
      }
      expect((await store.ledger.head()).size).toBe(size + 30)
    })

    describe('notAfter', () => {
      it('is exact: the last millisecond is in time, the next one is late (P7)', async () => {
        const { store, clock } = scene
        const notAfter = clock.now() + minuteMs
        clock.set(notAfter)
        await store.commit({ facts: [founded()], notAfter })
        clock.advance(1)
        await expectRefusal(store, { facts: [founded()], notAfter }, 'ERR_STORE_LATE')
      })

      it('leaves a question open when the answer is late', async () => {
        const { store, clock } = scene
        const question = sampleOpen()
        await store.commit({ facts: [asked(question)], notAfter: clock.now() })
        const late = { facts: [asked({ ...question, version: 2 })], notAfter: clock.now() - 1 }
        await expectRefusal(store, late, 'ERR_STORE_LATE')
        expect(await store.approvals.get(question.id)).toEqual(question)
      })
    })

    it('tells the time by its clock, and never backwards', async () => {
      const { store, clock } = scene
      const index = await store.commit({ facts: [founded()] })
      const before = clock.now()
      clock.advance(1234)
      await store.commit({ facts: [founded()] })
      clock.set(before - minuteMs)
      await store.commit({ facts: [founded()] })
      clock.set(before + minuteMs)

      expect((await follow(store, index, 3)).map((entry) => entry.at - before)).toEqual([0, 1234, 1234])
      expect(store.clock.now()).toBe(clock.now())
    })

    it('once closed, refuses everything as unavailable (P8)', async () => {
      const closed = await open()
      await closed.close()
      await expect(closed.commit({ facts: [founded()] })).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    })
  })
}
