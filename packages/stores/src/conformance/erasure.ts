import { digestOf, purposeKeywords } from '@countersign/core'
import { type ActionRecord, byPerson, type FactOf } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { agentChanged, asked, changed, decided, finished, founded, permitted, personChanged } from './facts.ts'
import {
  granted,
  sampleAction,
  sampleAgent,
  sampleOpen,
  samplePermit,
  samplePerson,
  sampleRecord,
  sampleSignature,
  unique,
} from './samples.ts'
import { enrol, expectRefusal, follow, followed, type OpenStore, stage } from './stage.ts'

export function erasure(open: OpenStore): void {
  describe('erasing a subject (P12)', () => {
    const scene = stage(open)
    const factsFrom = async (index: number, count: number) =>
      (await scene.store.journal.read(index, count)).map((entry) => entry.fact)

    it('destroys what was recorded for a person, and leaves every leaf as it was', async () => {
      const { store } = scene
      const [gone, kept] = [samplePerson(), samplePerson()]
      const first = await store.commit({ facts: [personChanged(gone), personChanged(kept)] })
      await store.commit({ facts: [personChanged({ ...gone, version: 2 }, 'signed-out')] })
      const head = await store.ledger.head()
      const leaves = await store.ledger.leaves(first, 3)
      const before = await store.journal.read(first, 3)

      expect(await store.journal.erase(gone.id)).toBe(2)
      const erased = { kind: 'erased', was: 'person.changed' }
      const after = await store.journal.read(first, 3)
      expect(after.map((entry) => entry.fact)).toEqual([erased, personChanged(kept), erased])
      expect(after.map(({ index, id, at }) => [index, id, at])).toEqual(
        before.map(({ index, id, at }) => [index, id, at]),
      )
      expect(await store.ledger.leaves(first, 3)).toEqual(leaves)
      expect((await store.ledger.head()).size).toBe(head.size + 1)
      expect(await follow(store, first, 3)).toEqual(after)
      expect(await store.journal.erase(gone.id)).toBe(0)
    })

    it('H6: is a fact of its own: by whom, why, of whom for those who know, and how much', async () => {
      const { store } = scene
      const people = [samplePerson(), samplePerson()]
      const told: unknown[] = []
      for (const person of people) {
        await store.commit({ facts: [personChanged(person)] })
        const { size } = await store.ledger.head()
        await store.journal.erase(person.id, { by: byPerson('per_privacy'), because: 'they asked for it' })
        told.push(...(await factsFrom(size, 10)))
        const leaf = new TextDecoder().decode((await store.ledger.leaves(size, 1))[0])
        expect(JSON.parse(leaf)).toMatchObject({
          type: 'record.erased',
          stream: 'system',
          actor: { ref: 'per_privacy' },
        })
        expect(leaf + JSON.stringify(told)).not.toContain(person.id)
      }
      const fact = { kind: 'record.erased', by: byPerson('per_privacy'), because: 'they asked for it', entries: 1 }
      expect(told).toMatchObject([fact, fact])
      const [one, other] = told as FactOf<'record.erased'>[]
      expect(one?.subject).not.toBe(other?.subject)
    })

    it('destroys the record of one entry alone, and nothing of the others that were written with it', async () => {
      const { store } = scene
      const { record, permit } = await enrol(store)
      const [one, other, third] = [record(), record(), record()]
      const first = (await store.ledger.head()).size
      await store.commit({ facts: [decided(one), decided(other), decided(third)] })
      const leave = await permit(record())
      await store.commit({ facts: [finished(leave, { delivered: false })] })
      await store.commit({ facts: [asked(sampleOpen(record()))] }) // of an action that nobody remembers
      const [leaves, head] = [await store.ledger.leaves(first, 5), await store.ledger.head()]
      const how = { by: byPerson('per_privacy'), because: 'a password stood in it' }

      expect(await store.journal.eraseEntry(first + 1, how)).toBe(true)
      expect(await factsFrom(first, 3)).toEqual([
        decided(one),
        { kind: 'erased', was: 'action.decided' },
        decided(third),
      ])
      expect(await store.ledger.leaves(first, 5)).toEqual(leaves)
      expect((await factsFrom(head.size, 1))[0]).toMatchObject({ kind: 'record.erased', ...how, entries: 1 })
      expect(await store.actions.get(other.id)).toBeUndefined()
      expect(await store.journal.eraseEntry(first + 1, how)).toBe(false)
      expect(await store.journal.eraseEntry(1_000_000, how)).toBe(false)

      expect(await store.journal.eraseEntry(first + 4, how)).toBe(true)
      expect(await store.permits.undelivered(leave.attempt.credential, leave.asked)).toBeUndefined()
      expect((await store.actions.get(one.id))?.life.record).toEqual(one)
      expect((await store.check()).differences).toEqual([])
    })

    it('leaves alone what something rests on', async () => {
      const { store } = scene
      const { record, permit } = await enrol(store)
      const how = { by: byPerson('per_privacy'), because: '' }
      const { size } = await store.ledger.head()
      const person = samplePerson()
      const question = sampleOpen(record())
      await store.commit({ facts: [personChanged(person)] })
      const asks = await store.commit({ facts: [decided(record({ id: question.actionId })), asked(question)] })
      await permit(record())
      for (const index of [size - 1, size, asks, asks + 1, asks + 2]) {
        await expect(store.journal.eraseEntry(index, how)).rejects.toMatchObject({ code: 'ERR_STORE_CONFLICT' })
      }
      expect(await store.people.get(person.id)).toEqual(person)
    })

    it('takes the whole life of an action that was done for them, and none of anybody else’s', async () => {
      const { store } = scene
      const { record, permit } = await enrol(store)
      const person = unique('per')
      const [theirs, own] = [record({}, { onBehalfOf: person }), record()]
      const first = (await store.ledger.head()).size
      const [leave, other] = [await permit(theirs), await permit(own)]
      await store.commit({ facts: [finished(leave), finished(other)] })

      expect(await store.journal.erase(person)).toBe(2)
      expect((await factsFrom(first, 4)).map(({ kind }) => kind)).toEqual([
        'erased',
        'action.allowed',
        'erased',
        'action.finished',
      ])
    })

    it('is over with what was there: what is recorded later can be read, what was erased stays so', async () => {
      const { store } = scene
      const person = samplePerson()
      const record = sampleRecord()
      const made = { ...record, action: { ...record.action, onBehalfOf: person.id } }
      const first = await store.commit({ facts: [personChanged(person)] })
      await store.journal.erase(person.id)
      const later = sampleRecord({ action: made.action })
      const index = await store.commit({ facts: [decided(later)] })
      expect(await factsFrom(index, 1)).toEqual([decided(later)])
      expect(await factsFrom(first, 1)).toEqual([{ kind: 'erased', was: 'person.changed' }])
      expect(await store.journal.erase(person.id)).toBe(1)
    })

    it('reaches every other read: nobody finds a word of it', async () => {
      const { store } = scene
      const [word, person] = [unique('Ada'), samplePerson({ name: unique('Ada') })]
      const { record, permit } = await enrol(store)
      const theirs = record({ sentence: `Write to ${word}` }, { onBehalfOf: person.id, parameters: { word } })
      const question = sampleOpen(theirs)
      await store.commit({ facts: [personChanged(person), asked(question)] })
      const leave = await permit(theirs)
      const result = { contentType: 'text/plain', body: Buffer.from(word).toString('base64') }
      const outcome = { kind: 'done' as const, summary: `Wrote to ${word}` }
      await store.commit({ facts: [finished(leave, { outcome, result, delivered: false })] })
      await store.journal.erase(person.id)

      const { credential, id = '' } = leave.attempt
      const found = await Promise.all([
        store.people.get(person.id),
        store.people.byAccount(person.issuer, person.subject),
        store.people.list(),
        store.actions.get(theirs.id),
        store.actions.lives([theirs.id]),
        store.actions.search({}),
        store.approvals.get(question.id),
        store.approvals.latest(theirs.digest),
        store.approvals.list({}),
        store.permits.get(leave.id),
        store.permits.byAttempt(credential, id),
        store.permits.undelivered(credential, theirs.digest),
        store.permits.openEnded(theirs.digest),
      ])
      const text = JSON.stringify(found)
      for (const secret of [word, person.name, result.body]) expect(text).not.toContain(secret)
    })

    it('takes the words by which it was found, also those that a follower comes to too late', async () => {
      const { store } = scene
      const { record } = await enrol(store)
      const word = unique('billing')
      const [person, other] = [unique('per'), unique('per')]
      const of = (onBehalfOf: string) => record({ purpose: { text: word } }, { onBehalfOf })
      const [theirs, late, kept] = [of(person), of(person), of(other)] as [ActionRecord, ActionRecord, ActionRecord]
      const keywords = purposeKeywords(word)
      const found = async () => (await store.actions.search({ keywords })).items.map((life) => life.record.id)
      await store.commit({ facts: [theirs, kept].map(decided) })
      await followed(store)
      expect(await found()).toEqual([kept.id, theirs.id])
      const index = await store.commit({ facts: [decided(late)] })
      const read = await store.journal.read(index, 1)
      await store.journal.erase(person)
      expect(await found()).toEqual([kept.id])

      const told = store.actions.index.add('search', read)
      await told.catch((error: unknown) => expect(error).toMatchObject({ code: 'ERR_STORE_CONFLICT' }))
      await followed(store)
      expect(await found()).toEqual([kept.id])
      expect((await store.actions.search({ keywords, limit: 1 })).next).toBeUndefined()
    })

    it('keeps nobody from asking the same again: a question nobody can read any more is not open', async () => {
      const { store } = scene
      const { record } = await enrol(store)
      const first = record({}, { onBehalfOf: unique('per') })
      const again = { ...record(), action: first.action, digest: first.digest }
      await store.commit({ facts: [decided(first), asked(sampleOpen(first))] })
      await store.journal.erase(first.action.onBehalfOf ?? '')
      await store.commit({ facts: [decided(again), asked(sampleOpen(again))] })
      expect(await store.approvals.latest(first.digest)).toMatchObject({ state: 'open', actionId: again.id })
    })

    it('leaves no answer to be handed out, and so none that keeps the same action from running', async () => {
      const { store } = scene
      const { record, permit } = await enrol(store)
      const first = record({}, { onBehalfOf: unique('per') })
      const leave = await permit(first)
      await store.commit({ facts: [finished(leave, { delivered: false })] })
      await store.journal.erase(first.action.onBehalfOf ?? '')
      expect(await store.permits.undelivered(leave.attempt.credential, first.digest)).toBeUndefined()
      await permit({ ...record(), action: first.action, digest: first.digest })
    })

    it('H6: leaves an agent’s id to nobody else: a grant of before is not for another by its name', async () => {
      const { store } = scene
      const { agent, record } = await enrol(store, sampleAgent({ owner: unique('per'), team: unique('team') }))
      const theirs = record({}, { onBehalfOf: unique('per') })
      const question = sampleOpen(theirs)
      await store.commit({ facts: [decided(theirs), asked(question)] })
      const signature = sampleSignature(question, unique('per'))
      await store.commit({ facts: [changed('granted', granted(question, signature), signature)] })
      await store.journal.erase(agent.id)
      expect(await store.approvals.latest(theirs.digest)).toMatchObject({ state: 'granted' })

      for (const version of [1, 2]) {
        for (const status of ['active', 'stopped'] as const) {
          const again = agentChanged({ ...agent, version, status })
          await expectRefusal(store, { facts: [again] }, 'ERR_STORE_CONFLICT')
        }
        const permit = samplePermit(theirs, { agentVersion: version, approval: question.id })
        await expectRefusal(store, { facts: [permitted(permit)] }, 'ERR_STORE_CONFLICT')
      }
      expect(await store.agents.get(agent.id)).toBeUndefined()
      expect((await store.agents.list()).map(({ id }) => id)).not.toContain(agent.id)
      expect(await store.agents.answeredFor({ id: agent.owner, groups: [agent.team] })).toEqual([])
    })

    it('H6: leaves no account behind: who signs in with it later is somebody new', async () => {
      const { store } = scene
      const person = samplePerson()
      await store.commit({ facts: [personChanged(person)] })
      await store.journal.erase(person.id)
      const again = samplePerson({ issuer: person.issuer, subject: person.subject })
      await store.commit({ facts: [personChanged(again)] })
      expect(await store.people.byAccount(person.issuer, person.subject)).toEqual(again)
      expect(await store.people.get(person.id)).toBeUndefined()
    })

    it('leaves no run to be told of', async () => {
      const { store } = scene
      const { record, permit } = await enrol(store)
      const first = record({}, { onBehalfOf: unique('per') })
      await permit(first)
      await store.journal.erase(first.action.onBehalfOf ?? '')
      expect(await store.permits.openEnded(first.digest)).toBeUndefined()
    })

    it('is nothing for the instance itself, or for a subject nobody has heard of', async () => {
      const { store } = scene
      const index = await store.commit({ facts: [founded()] })
      expect(await store.journal.erase('system')).toBe(0)
      expect(await store.journal.erase(unique('nobody'))).toBe(0)
      expect(await factsFrom(index, 1)).toEqual([founded()])
    })

    it('is possible because no leaf has a secret or a personal word in it, also as a hash', async () => {
      const { store } = scene
      const person = samplePerson({ name: 'Ada Secretive', email: 'ada@people.example' })
      const parameter = unique('parameter')
      const action = sampleAction({ parameters: { parameter } })
      const purpose = { text: 'Ada asked me to, in private' }
      const record = sampleRecord({ action, purpose, session: 'session-of-ada' })
      const index = await store.commit({ facts: [personChanged(person), decided(record)] })
      const text = (await store.ledger.leaves(index, 2)).map((leaf) => new TextDecoder().decode(leaf)).join('\n')
      const words = [person.name, 'ada@people.example', person.subject, 'in private', 'session-of-ada']
      const hashes = [record.digest, digestOf(person), digestOf(record)]
      for (const word of [...words, ...hashes, parameter]) {
        expect(text).not.toContain(word)
      }
    })

    it('H6: leaves what is stored in step with the facts that can still be read', async () => {
      expect((await scene.store.check()).differences).toEqual([])
    })
  })
}
