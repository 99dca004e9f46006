import { setTimeout as pause } from 'node:timers/promises'
import { deferred } from '@countersign/core'
import { byPerson, type KeptResult, type Person } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { agentId, minute } from './cast.ts'
import { done, scene, type Scene } from './scene.ts'

describe('P3: nobody approves their own', () => {
  it.each(['per_ana', 'per_reg', 'per_obo'])('%s is refused, and the try is on record', async (person) => {
    const { attempt, answer, story } = scene({ says: 'ask' })
    await attempt({ onBehalfOf: 'per_obo' })
    await expect(answer(person)).rejects.toMatchObject({ code: 'ERR_SELF_APPROVAL' })
    expect((await story()).at(-1)).toBe('signature.refused')
  })

  it('who becomes the owner after the question was asked is refused as well', async () => {
    const { attempt, answer, giveAgentTo } = scene({ says: 'ask' })
    await attempt()
    await giveAgentTo('per_ben')
    await expect(answer('per_ben')).rejects.toMatchObject({ code: 'ERR_SELF_APPROVAL' })
  })

  it('who becomes the owner after signing: the signature no longer counts', async () => {
    const { attempt, answer, giveAgentTo } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    await giveAgentTo('per_ben')
    expect(await attempt()).toMatchObject({ ending: 'waiting' })
  })
})

describe('P5: membership counts when signing and when running', () => {
  it('a leaver’s click is refused', async () => {
    const { attempt, answer, leave } = scene({ says: 'ask' })
    await attempt()
    await leave('per_ben')
    await expect(answer('per_ben')).rejects.toMatchObject({ code: 'ERR_APPROVER_INACTIVE' })
  })

  it('who left after signing does not count at permit', async () => {
    const { attempt, answer, leave } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    await leave('per_ben')
    expect(await attempt()).toMatchObject({ ending: 'waiting' })
  })

  it.each<[string, Partial<Person>]>([
    ['is switched off', { active: false }],
    ['leaves the group', { groups: [] }],
  ])('who %s between the second look and the permit does not count either', async (_, what) => {
    const { attempt, answer, before, changePerson, ran } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    before('action.permitted', () => changePerson('per_ben', what))
    expect(await attempt()).toMatchObject({ ending: 'waiting' })
    expect(ran()).toBe(0)
  })

  it('membership older than 15 minutes cannot sign by chat, but at the console', async () => {
    const { attempt, answer, clock } = scene({ says: 'ask' })
    await attempt()
    clock.advance(16 * minute)
    await expect(answer('per_ben', { assurance: 'chat' })).rejects.toMatchObject({ code: 'ERR_MEMBERSHIP_STALE' })
    expect((await answer('per_ben')).state).toBe('granted')
  })
})

describe('P6: a grant is spent once', () => {
  it('two racing runs: one wins, the other is asked anew', async () => {
    const { attempt, answer, lives } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    const endings = await Promise.all([attempt(), attempt(), attempt()])
    expect(endings.map(({ ending }) => ending).toSorted()).toEqual(['ran', 'waiting', 'waiting'])
    expect((await lives()).filter(({ permit }) => permit)).toHaveLength(1)
  })

  it('never more runs than grants, however attempts, answers and time come', async () => {
    const step = fc.constantFrom('attempt', 'attempt', 'sign', 'reject', 'wait', 'stop', 'start')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const made = scene({ says: 'ask' })
        const running: Promise<unknown>[] = []
        for (const each of steps) {
          if (each === 'attempt') running.push(made.attempt())
          if (each === 'sign' || each === 'reject') running.push(signIfOpen(made, each))
          if (each === 'wait') made.clock.advance(7 * minute)
          if (each === 'stop') running.push(made.stops.stop(agentId, byPerson('per_eve'), 'test'))
          if (each === 'start') running.push(made.stops.start(agentId, byPerson('per_cleo')).catch(() => undefined))
          if (running.length % 3 === 0) await Promise.all(running)
        }
        await Promise.all(running)
        const granted = (await made.story()).filter((fact) => fact === 'approval.granted').length
        const permits = (await made.lives()).flatMap(({ permit }) => permit ?? [])
        expect(permits.length).toBeLessThanOrEqual(granted)
        expect(new Set(permits.map(({ approval }) => approval)).size).toBe(permits.length)
      }),
      { numRuns: 60 },
    )
  })
})

describe('P7: no answer is a no', () => {
  it('an expired question runs nothing, and a signature after expiry is refused', async () => {
    const { attempt, answer, clock, desk } = scene({ says: 'ask' })
    const held = attempt({ patienceMs: 60_000 })
    const question = await answer.next()
    clock.advance(31 * minute)
    await expect(answer('per_ben')).rejects.toMatchObject({ code: 'ERR_APPROVAL_EXPIRED' })
    desk.show(await desk.expireOrEscalate(question.id))
    expect(await held).toMatchObject({ ending: 'expired' })
  })

  it('a grant that nobody collected in time runs nothing', async () => {
    const { attempt, answer, clock } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    clock.advance(16 * minute)
    expect(await attempt()).toMatchObject({ ending: 'waiting' })
  })
})

describe('P10: the client’s timeout loses nothing', () => {
  it('a signature that settles nothing wakes nobody who waits', async () => {
    const { attempt, answer, desk, store } = scene({ says: 'ask two' })
    const gone = new AbortController()
    const ended = attempt({ patienceMs: minute, signal: gone.signal })
    const question = await answer.next()
    await expect.poll(() => desk.waiting()).toBe(1)
    const looks = vi.spyOn(store.approvals, 'get')
    await answer('per_ben', {}, question)
    await pause(20)
    expect(looks).toHaveBeenCalledTimes(1) // by the click itself
    gone.abort()
    expect(await ended).toMatchObject({ ending: 'waiting' })
  })

  it('the same action sent again finds its question, and then its grant', async () => {
    const { attempt, answer, questions } = scene({ says: 'ask' })
    expect(await attempt()).toMatchObject({ ending: 'waiting' })
    expect(await attempt()).toMatchObject({ ending: 'waiting' })
    await answer('per_ben')
    expect(await attempt()).toMatchObject({ ending: 'ran' })
    expect(await questions()).toHaveLength(1)
  })

  it('nothing runs for a client that hung up; the grant waits for it', async () => {
    const { attempt, answer } = scene({ says: 'ask' })
    const gone = new AbortController()
    const held = attempt({ patienceMs: 60_000, signal: gone.signal })
    await answer.next()
    gone.abort()
    expect(await held).toMatchObject({ ending: 'waiting' })
    await answer('per_ben')
    expect(await attempt()).toMatchObject({ ending: 'ran' })
  })

  const kept: KeptResult = { contentType: 'text/plain', body: Buffer.from('48,211 rows').toString('base64') }

  it.each<[string, { says: 'ask' | 'allow' }]>([
    ['countersigned', { says: 'ask' }],
    ['allowed', { says: 'allow' }],
  ])('the same attempt again gets its outcome, not a second run: %s', async (_, how) => {
    const { attempt, answer, lives } = scene(how)
    const again = { id: 'attempt-1', run: async () => ({ ...done(), result: kept }) }
    if (how.says === 'ask') {
      await attempt(again)
      await answer('per_ben')
    }
    expect(await attempt(again)).toMatchObject({ ending: 'ran' })
    expect(await attempt(again)).toMatchObject({ ending: 'replayed', result: kept })
    expect((await lives()).filter(({ permit }) => permit)).toHaveLength(1)
  })

  it('two connections of one attempt wait for one answer: who hears of it last gets the outcome', async () => {
    const ran = deferred<void>()
    let waiting = 0
    const { attempt, answer } = scene({
      says: 'ask',
      deskOfGate: (desk) => ({
        ...desk,
        async waitFor(id, patience) {
          if (++waiting === 2) await ran.promise
          return desk.waitFor(id, patience)
        },
      }),
    })
    const how = { id: 'attempt-1', patienceMs: 60_000, run: async () => ({ ...done(), result: kept }) }
    const [first, second] = [attempt(how), attempt(how)]
    await answer('per_ben')
    const early = await Promise.race([first, second])
    ran.resolve()
    const endings = (await Promise.all([first, second])).map(({ ending }) => ending)
    expect(early).toMatchObject({ ending: 'ran' })
    expect(endings.toSorted()).toEqual(['ran', 'replayed'])
  })

  it('an answer that was not delivered is handed to the next attempt, once; then it is a new question', async () => {
    const { attempt, answer } = scene({ says: 'ask' })
    await attempt({ id: '1' })
    await answer('per_ben')
    await attempt({ id: '2', run: async () => ({ ...done(), delivered: false, result: kept }) })
    expect(await attempt({ id: '3' })).toMatchObject({ ending: 'replayed' })
    expect(await attempt({ id: '4' })).toMatchObject({ ending: 'waiting' })
  })

  it.each<[string, { id: null | string; effect: 'read' | 'write'; delivered: boolean }, boolean]>([
    ['that came with an id', { id: 'attempt-1', effect: 'read', delivered: true }, true],
    ['that did not arrive', { id: null, effect: 'write', delivered: false }, true],
    ['that arrived', { id: null, effect: 'write', delivered: true }, false],
    ['of a reading that can be done again', { id: null, effect: 'read', delivered: false }, false],
  ])('an answer is kept only for who may come for it again: one %s', async (_, { delivered, ...how }, expected) => {
    const { attempt, store } = scene({ says: 'allow' })
    let looks = 0
    const run = async () => ({
      ...done(),
      delivered,
      get result() {
        looks += 1
        return kept
      },
    })
    await attempt({ ...how, run })
    expect(looks).toBe(expected ? 1 : 0)
    const facts = (await store.journal.read(0, 100)).map(({ fact }) => fact)
    expect(facts.flatMap((fact) => (fact.kind === 'action.finished' ? [fact.result] : []))).toEqual([
      expected ? kept : undefined,
    ])
  })

  it('an outcome that was not kept is told, not run again', async () => {
    const { attempt, lives } = scene({ says: 'allow' })
    await attempt({ id: '1' })
    expect(await attempt({ id: '1' })).toMatchObject({ ending: 'done' })
    expect(await lives()).toHaveLength(1)
  })
})

describe('laws of every history', () => {
  it('P10: one attempt id never runs twice, however often it is sent, cut off or answered late', async () => {
    const step = fc.constantFrom('send', 'send', 'cut off', 'sign', 'wait', 'undelivered')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const made = scene({ says: 'ask' })
        const same = { id: 'the same attempt' }
        const all: Promise<unknown>[] = []
        for (const each of steps) {
          if (each === 'send') all.push(made.attempt(same))
          if (each === 'cut off') all.push(made.attempt({ ...same, signal: AbortSignal.abort() }))
          if (each === 'undelivered')
            all.push(made.attempt({ ...same, run: async () => ({ ...done(), delivered: false }) }))
          if (each === 'sign') all.push(signIfOpen(made, 'sign'))
          if (each === 'wait') made.clock.advance(3 * minute)
          if (all.length % 2 === 0) await Promise.all(all)
        }
        await Promise.all(all)
        expect(made.ran()).toBeLessThanOrEqual(1)
      }),
      { numRuns: 60 },
    )
  })

  it('P1: what runs is, to the letter, what stood on the card that was signed', async () => {
    const parameters = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 8 }).filter((key) => key !== '__proto__'),
      fc.oneof(fc.string({ maxLength: 20 }), fc.integer()),
      { maxKeys: 5 },
    )
    await fc.assert(
      fc.asyncProperty(parameters, parameters, async (asked, edited) => {
        const made = scene({ says: 'ask' })
        const mine = { ...asked }
        const held = made.attempt({ parameters: mine, patienceMs: 60_000 })
        const question = await made.answer.next()
        Object.assign(mine, edited)
        await made.answer('per_ben')
        expect((await held).ran?.action).toEqual(question.card.bound.action)
        expect((await held).ran?.action.parameters).toEqual({ ...asked })
      }),
      { numRuns: 60 },
    )
  })
})

async function signIfOpen({ answer, questions }: Scene, how: 'sign' | 'reject'): Promise<void> {
  const question = (await questions()).find(({ state }) => state === 'open')
  const verdict = how === 'sign' ? 'approve' : 'reject'
  if (question) await answer('per_ben', { verdict }, question).catch(() => undefined)
}
