import { digestOf } from '@countersign/core'
import type { AgentKey } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { agentChanged, personChanged } from './facts.ts'
import { minuteMs, sampleAgent, samplePerson, startOfTime, unique } from './samples.ts'
import { expectRefusal, type OpenStore, stage } from './stage.ts'

export function agentsAndPeople(open: OpenStore): void {
  describe('H7: only those who are asked about', () => {
    const scene = stage(open)
    const idsOf = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id).toSorted()

    it('H7: are read: people by their groups as of now, agents by who answers for them', async () => {
      const { store } = scene
      const [one, other, both] = [unique('group'), unique('group'), unique('group')]
      const [first, second] = [samplePerson({ groups: [one] }), samplePerson({ groups: [one, both] })]
      const [third, none] = [samplePerson({ groups: [other] }), samplePerson({ groups: [] })]
      await store.commit({ facts: [first, second, third, none].map((person) => personChanged(person)) })
      expect(idsOf(await store.people.inGroups([one], 10))).toEqual(idsOf([first, second]))
      expect(idsOf(await store.people.inGroups([both, other], 10))).toEqual(idsOf([second, third]))
      expect(await store.people.inGroups([one, other], 1)).toHaveLength(1)
      expect(await store.people.inGroups([], 10)).toEqual([])
      await store.commit({ facts: [personChanged({ ...first, groups: [other], version: 2 })] })
      expect(idsOf(await store.people.inGroups([one], 10))).toEqual([second.id])

      const [owned, ofTeam] = [sampleAgent({ owner: first.id }), sampleAgent({ team: other })]
      await store.commit({ facts: [agentChanged(owned), agentChanged(ofTeam), agentChanged(sampleAgent())] })
      const answered = await store.agents.answeredFor({ id: first.id, groups: [other] })
      expect(idsOf(answered)).toEqual(idsOf([owned, ofTeam]))
      expect(await store.agents.answeredFor({ id: unique('per'), groups: [] })).toEqual([])
    })
  })

  describe('agents', () => {
    const scene = stage(open)
    const key = (over: Partial<AgentKey> = {}): AgentKey => ({
      id: unique('key'),
      hash: digestOf(unique('secret')),
      createdAt: startOfTime,
      expiresAt: startOfTime + minuteMs,
      ...over,
    })

    it('are kept as their newest version says', async () => {
      const { store } = scene
      const agent = sampleAgent()
      await store.commit({ facts: [agentChanged(agent)] })
      expect(await store.agents.get(agent.id)).toEqual(agent)
      const renamed = { ...agent, version: 2, name: 'Renamed' }
      await store.commit({ facts: [agentChanged(renamed)] })
      expect(await store.agents.get(agent.id)).toEqual(renamed)
      expect((await store.agents.list()).filter(({ id }) => id === agent.id)).toEqual([renamed])
      expect(await store.agents.get('nobody')).toBeUndefined()
    })

    it.each([0, 1, 3])('refuse version %i after version 1', async (version) => {
      const agent = sampleAgent()
      await scene.store.commit({ facts: [agentChanged(agent)] })
      await expectRefusal(scene.store, { facts: [agentChanged({ ...agent, version })] }, 'ERR_STORE_CONFLICT')
    })

    it('are found by any of their keys, also by one that is revoked or expired: the caller judges', async () => {
      const { store, clock } = scene
      const keys = [key(), key({ revokedAt: startOfTime }), key({ expiresAt: startOfTime + 1 })]
      const agent = sampleAgent({ keys })
      await store.commit({ facts: [agentChanged(agent)] })
      clock.advance(10 * minuteMs)
      for (const { hash } of keys) expect(await store.agents.byKey(hash)).toEqual(agent)

      const late = key()
      const next = { ...agent, version: 2, keys: [...keys, late] }
      await store.commit({ facts: [agentChanged(next, 'key-issued')] })
      for (const { hash } of [...keys, late]) expect(await store.agents.byKey(hash)).toEqual(next)
      expect(await store.agents.byKey(digestOf('nobody’s'))).toBeUndefined()
    })
  })

  describe('people', () => {
    const scene = stage(open)

    it('are kept as their newest version says, found by id and by account', async () => {
      const { store } = scene
      const person = samplePerson()
      await store.commit({ facts: [personChanged(person)] })
      const next = { ...person, version: 2, active: false }
      await store.commit({ facts: [personChanged(next)] })
      expect(await store.people.get(person.id)).toEqual(next)
      expect(await store.people.byAccount(person.issuer, person.subject)).toEqual(next)
      expect(await store.people.byAccount('https://other.example', person.subject)).toBeUndefined()
      expect(await store.people.byAccount(person.issuer, 'nobody')).toBeUndefined()
      expect((await store.people.list()).filter(({ id }) => id === person.id)).toEqual([next])
    })

    it.each([0, 1, 3])('refuse version %i after version 1', async (version) => {
      const person = samplePerson()
      await scene.store.commit({ facts: [personChanged(person)] })
      await expectRefusal(scene.store, { facts: [personChanged({ ...person, version })] }, 'ERR_STORE_CONFLICT')
    })

    it('have an account of their own: two racing first sign-ins make one person (P5)', async () => {
      const { store } = scene
      const subject = unique('subject')
      const twins = Array.from({ length: 8 }, () => samplePerson({ subject }))
      const results = await Promise.allSettled(twins.map((twin) => store.commit({ facts: [personChanged(twin)] })))
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect((await store.people.list()).filter((person) => person.subject === subject)).toHaveLength(1)
      await expectRefusal(store, { facts: [personChanged(samplePerson({ subject }))] }, 'ERR_STORE_CONFLICT')
    })

    it('are found by the accounts linked to them, each of which is one person’s at a time (P5)', async () => {
      const { store } = scene
      const [provider, id] = ['chat:T1', unique('U')]
      const by = { linkedBy: 'per_admin', linkedAt: startOfTime }
      const [one, other] = [samplePerson(), samplePerson()]
      await store.commit({ facts: [personChanged(one), personChanged(other)] })
      const linked = { ...one, version: 2, accounts: [{ provider, id, ...by }] }
      await store.commit({ facts: [personChanged(linked)] })
      expect(await store.people.byLinked(provider, id)).toEqual(linked)
      expect(await store.people.byLinked('chat:T2', id)).toBeUndefined()
      expect(await store.people.byLinked(provider, 'nobody')).toBeUndefined()
      expect(await store.people.byAccount(provider, id)).toBeUndefined() // nobody signs in by it

      const taken = { ...other, version: 2, accounts: [{ provider, id, ...by }] }
      await expectRefusal(store, { facts: [personChanged(taken)] }, 'ERR_STORE_CONFLICT')
      await store.commit({ facts: [personChanged({ ...linked, version: 3, accounts: [] })] })
      expect(await store.people.byLinked(provider, id)).toBeUndefined()
      await store.commit({ facts: [personChanged(taken)] })
      expect((await store.people.byLinked(provider, id))?.id).toBe(other.id)

      await store.journal.erase(other.id)
      expect(await store.people.byLinked(provider, id)).toBeUndefined()
    })
  })
}
