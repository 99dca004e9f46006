import { byPerson } from '@countersign/schema'
import { setTimeout as pause } from 'node:timers/promises'
import { closeOverdue, type Ran } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { agentId, keyOf, minute } from './cast.ts'
import { done, scene, type Scene, type SceneOptions } from './scene.ts'

describe('what an action meets', () => {
  it.each<[string, SceneOptions, string, string[]]>([
    ['nothing that permits it', { says: 'nothing' }, 'denied no_grant', ['action.decided']],
    ['a prohibition', { says: 'prohibition' }, 'denied prohibited', ['action.decided']],
    ['policies that err', { says: 'error' }, 'denied evaluation_error', ['action.decided']],
    ['an allowance', { says: 'allow' }, 'ran', ['action.allowed', 'action.finished']],
    ['a sign-off, and nobody answers', { says: 'ask' }, 'waiting', ['action.decided', 'approval.asked']],
  ])('%s', async (_, how, ending, facts) => {
    const { attempt, story } = scene(how)
    expect(await attempt()).toMatchObject({ ending })
    expect(await story()).toEqual(facts)
  })

  it('asks, waits, runs once it is countersigned, and tells the card', async () => {
    const { attempt, answer, story } = scene({ says: 'ask' })
    const held = attempt({ patienceMs: 60_000 })
    await answer('per_ben')
    expect(await held).toMatchObject({ ending: 'ran' })
    expect(await story()).toEqual([
      'action.decided',
      'approval.asked',
      'approval.granted',
      'approval.spent',
      'action.permitted',
      'action.finished',
    ])
  })

  it('G21: a refusal names a person by name, never by `per_…`', async () => {
    const { attempt, answer } = scene({ says: 'ask' })
    const held = attempt({ patienceMs: 60_000 })
    await answer('per_ben', { verdict: 'reject', reason: 'no' })
    expect(await held).toMatchObject({ refusal: { kind: 'rejected', by: 'Person ben' } })
    expect(await attempt()).toMatchObject({ refusal: { kind: 'rejected', by: 'Person ben' } })
  })

  it('a rejection reaches the agent with its reason, and holds for ten minutes', async () => {
    const { attempt, answer, clock, questions } = scene({ says: 'ask' })
    const held = attempt({ patienceMs: 60_000 })
    await answer('per_ben', { verdict: 'reject', reason: 'not before the audit' })
    expect(await held).toMatchObject({ ending: 'rejected', refusal: { reason: 'not before the audit' } })
    expect(await attempt()).toMatchObject({ ending: 'rejected' })
    expect(await questions()).toHaveLength(1)
    clock.advance(10 * minute)
    expect(await attempt()).toMatchObject({ ending: 'waiting' })
    expect(await questions()).toHaveLength(2)
  })

  it('a failing upstream is an outcome too', async () => {
    const { attempt, lives } = scene({ says: 'allow' })
    await attempt({
      run: async () => {
        throw new Error('connection reset')
      },
    })
    expect((await lives())[0]?.outcome).toMatchObject({ kind: 'failed' })
  })

  it('observe mode holds nothing and says that it would have asked', async () => {
    const { attempt, lives } = scene({ says: 'ask', mode: 'observe' })
    expect(await attempt()).toMatchObject({ ending: 'ran' })
    expect((await lives())[0]?.record).toMatchObject({ observed: true, decision: { kind: 'ask' } })
  })

  it.each([
    ['ask', 'ran', { observed: true, decision: { kind: 'ask' } }],
    ['allow', 'ran', { observed: false, decision: { kind: 'allow' } }],
    ['prohibition', 'denied prohibited', { observed: false, decision: { kind: 'deny' } }],
  ] as const)('a gateway that only observes: %s', async (says, ending, record) => {
    const { attempt, lives } = scene({ says })
    expect(await attempt({ observed: true })).toMatchObject({ ending })
    expect((await lives())[0]?.record).toMatchObject(record)
  })

  it('too many open questions: the next is refused, not asked', async () => {
    const { attempt } = scene({ says: 'ask', limits: { open: 2, asked: 60, withinMs: 10 * minute } })
    expect(await attempt({ parameters: { n: 1 } })).toMatchObject({ ending: 'waiting' })
    expect(await attempt({ parameters: { n: 2 } })).toMatchObject({ ending: 'waiting' })
    expect(await attempt({ parameters: { n: 3 } })).toMatchObject({ ending: 'denied too_many_questions' })
  })
})

describe('P1: what ran is what was approved', () => {
  it('the sealed copy runs, whatever the caller does to its object afterwards', async () => {
    const { attempt, answer } = scene({ says: 'ask' })
    const parameters: Record<string, string> = { sql: 'select 1' }
    const held = attempt({ parameters, patienceMs: 60_000 })
    await answer.next()
    parameters.sql = 'drop table customers'
    await answer('per_ben')
    expect((await held).ran?.action.parameters).toEqual({ sql: 'select 1' })
  })

  it('an argument changed after approval is another question', async () => {
    const { attempt, answer, questions } = scene({ says: 'ask' })
    await attempt({ parameters: { rows: 10 } })
    await answer('per_ben')
    expect(await attempt({ parameters: { rows: 11 } })).toMatchObject({ ending: 'waiting' })
    expect(await questions()).toHaveLength(2)
    expect(await attempt({ parameters: { rows: 10 } })).toMatchObject({ ending: 'ran' })
  })

  it('another agent does not find the grant', async () => {
    const { attempt, answer } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    expect(await attempt({ as: 'other-bot' })).toMatchObject({ ending: 'waiting' })
  })

  it('the data is no longer what was shown: the grant is void and it is asked anew', async () => {
    const { attempt, answer, questions, reclassify } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    reclassify('phi')
    expect(await attempt()).toMatchObject({ ending: 'waiting' })
    expect((await questions()).map(({ state }) => state)).toEqual(['open', 'voided'])
  })

  it.each<[string, 'prohibition' | 'nothing' | 'error']>([
    ['prohibits it now', 'prohibition'],
    ['no longer permits it', 'nothing'],
    ['cannot be evaluated', 'error'],
  ])('policy %s: a granted action does not run', async (_, says) => {
    const { attempt, answer, say } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    say(says)
    expect((await attempt()).ending).toMatch(/^denied/)
  })

  it('policy asks for more now: what was signed does not cover it', async () => {
    const { attempt, answer, say } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    say('ask two')
    expect(await attempt()).toMatchObject({ ending: 'waiting' })
  })
})

describe('P2: nothing runs unrecorded', () => {
  it('a ledger that cannot write: nothing runs', async () => {
    const { attempt, breakStore, ran } = scene({ says: 'allow' })
    breakStore('action.permitted')
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    expect(ran()).toBe(0)
  })

  it('an outcome that cannot be written leaves a permit, closed as unknown only after its deadline', async () => {
    const { attempt, breakStore, store, clock, lives, log } = scene({ says: 'allow' })
    breakStore('action.finished')
    expect(await attempt()).toMatchObject({ ending: 'ran' })
    breakStore(undefined)
    await closeOverdue(store, log)
    expect((await lives())[0]?.outcome).toBeUndefined()
    clock.advance(16 * minute)
    await closeOverdue(store, log)
    expect((await lives())[0]?.outcome).toMatchObject({ kind: 'unknown' })
  })

  it('a permit that comes too late, or after the lease is lost, does not begin', async () => {
    const late = scene({ says: 'allow' })
    const run = (made: Scene, before: () => void) =>
      made.attempt({
        run: async (permit) => {
          before()
          permit.begin()
          return done()
        },
      })
    await run(late, () => late.clock.advance(minute))
    expect((await late.lives())[0]?.outcome).toMatchObject({ kind: 'failed' })
    const lost = scene({ says: 'allow' })
    await run(lost, () => lost.loseLease())
    expect((await lost.lives())[0]?.outcome).toMatchObject({ kind: 'failed' })
  })

  it('without a lease nothing is permitted, and a grant waits for whoever has one', async () => {
    const { attempt, answer, loseLease, regainLease, lives } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    loseLease()
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    expect((await lives()).filter(({ permit }) => permit)).toEqual([])
    regainLease()
    expect(await attempt()).toMatchObject({ ending: 'ran' })
  })
})

describe('P15: one click stops an agent', () => {
  it('the next permit is refused, and open grants are voided', async () => {
    const { attempt, answer, stops, questions } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    await stops.stop(agentId, byPerson('per_eve'), 'it went mad')
    expect(await attempt()).toMatchObject({ ending: 'denied agent_stopped' })
    expect((await questions()).map(({ state }) => state)).toEqual(['voided'])
  })

  it('a stop between decision and permit wins', async () => {
    const { attempt, answer, stops, questions } = scene({ says: 'ask' })
    const held = attempt({ patienceMs: 60_000 })
    await answer.next()
    await stops.stop(agentId, byPerson('per_eve'), 'it went mad')
    await expect(answer('per_ben', {}, (await questions())[0])).rejects.toMatchObject({ code: 'ERR_APPROVAL_SETTLED' })
    expect((await held).ending).toBe('cancelled')
  })

  it('what an instance still believes of an agent does not matter: the store knows', async () => {
    const { attempt, stops } = scene({ says: 'allow' })
    await stops.stop(agentId, byPerson('per_eve'), 'it went mad')
    expect(await attempt({ asOfBefore: true })).toMatchObject({ ending: 'denied agent_stopped' })
  })

  it('a key that is revoked while its call is judged proves nobody any more', async () => {
    const { attempt, before, changeAgent, ran } = scene({ says: 'allow' })
    before('action.permitted', () => changeAgent({ keys: [{ ...keyOf(agentId), revokedAt: 0 }] }))
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_AGENT_UNKNOWN' })
    expect(ran()).toBe(0)
  })

  it('whom it acts for is switched off: before, or while its call is judged', async () => {
    const { attempt, before, leave, changePerson, ran } = scene({ says: 'allow' })
    before('action.permitted', () => leave('per_obo'))
    expect(await attempt({ onBehalfOf: 'per_obo' })).toMatchObject({ ending: 'denied person_inactive' })
    expect(await attempt({ onBehalfOf: 'per_obo' })).toMatchObject({ ending: 'denied person_inactive' })
    expect(ran()).toBe(0)
    await changePerson('per_obo', { active: true })
    expect(await attempt({ onBehalfOf: 'per_obo' })).toMatchObject({ ending: 'ran' })
  })

  it('nor is anything run by policies that others were brought in force over', async () => {
    const { attempt, activate, before, ran } = scene({ says: 'allow' })
    before('action.permitted', () => activate('v7'))
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_POLICY_OUTDATED' })
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_POLICY_OUTDATED' })
    expect(ran()).toBe(0)
    await activate('v8', 'v8')
    expect(await attempt(), 'those lie here as well').toMatchObject({ ending: 'ran' })

    const asked = scene({ says: 'ask' })
    await asked.attempt()
    await asked.answer('per_ben')
    await asked.activate('v7', 'v7')
    expect(await asked.attempt(), 'what was approved is judged anew, by them').toMatchObject({ ending: 'ran' })
  })

  it('starting again takes another person than the one who stopped it, whatever happened in between', async () => {
    const { stops, attempt, giveAgentTo } = scene({ says: 'allow' })
    await stops.stop(agentId, byPerson('per_eve'), 'it went mad')
    await stops.stop(agentId, byPerson('per_ben'), 'it went mad again')
    await expect(stops.start(agentId, byPerson('per_eve'))).rejects.toMatchObject({ code: 'ERR_NOT_ALLOWED' })
    await giveAgentTo('per_ben')
    await expect(stops.start(agentId, byPerson('per_eve'))).rejects.toMatchObject({ code: 'ERR_NOT_ALLOWED' })
    await stops.start(agentId, byPerson('per_cleo'))
    expect(await attempt()).toMatchObject({ ending: 'ran' })
  })
})

it('ten clients wait for one question, and one signature wakes them all', async () => {
  const { attempt, answer, questions } = scene({ says: 'ask' })
  const held = Array.from({ length: 10 }, () => attempt({ patienceMs: 300 }))
  await answer.next()
  await pause(20)
  await answer('per_ben')
  const further = (await questions()).find(({ state }) => state === 'open')
  if (further) await answer('per_ben', {}, further).catch(() => undefined)
  const endings = (await Promise.all(held)).map(({ ending }) => ending)
  expect(endings.filter((ending) => ending === 'ran').length).toBeGreaterThanOrEqual(1)
  expect(endings.filter((ending) => !['ran', 'waiting'].includes(ending))).toEqual([])
})

it('B6: what waits or runs with one credential takes so much memory, and no more; what has ended leaves room', async () => {
  const { attempt } = scene({ says: 'allow' })
  const ends: (() => void)[] = []
  const run = () => new Promise<Ran>((end) => ends.push(() => end(done())))
  const heavy = () => attempt({ parameters: { text: 'x'.repeat(30 * 2 ** 20) }, run })
  const running = Array.from({ length: 4 }, heavy)
  await expect.poll(() => ends.length).toBe(4)
  await expect(heavy()).rejects.toMatchObject({ code: 'ERR_TOO_MANY' })
  expect(await attempt()).toMatchObject({ ending: 'ran' })
  ends[0]?.()
  await running[0]
  running.push(heavy())
  await expect.poll(() => ends.length).toBe(5)
  for (const end of ends) end()
  await Promise.all(running)
})

/** Whatever the answer: what matters is what runs. */

it('B6: a crowd of one credential that asks the same looks for its question, its run and its answer together', async () => {
  const { attempt, answer, store } = scene({ says: 'ask' })
  expect(await attempt()).toMatchObject({ ending: 'waiting' })
  const question = await answer.next()
  let looks = 0
  const counted =
    <Args extends unknown[], Found>(look: (...args: Args) => Promise<Found>) =>
    async (...args: Args) => {
      looks += 1
      await pause(5)
      return look(...args)
    }
  const { approvals, permits } = store
  Object.assign(store, {
    approvals: { ...approvals, latest: counted(approvals.latest), get: counted(approvals.get) },
    permits: { ...permits, begun: counted(permits.begun), undelivered: counted(permits.undelivered) },
  })
  const crowd = Array.from({ length: 200 }, () => attempt({ id: null, patienceMs: 100 }))
  expect(new Set((await Promise.all(crowd)).map(({ refusal }) => refusal))).toHaveLength(200)
  expect(looks).toBeLessThan(100)
  expect((await answer('per_ben', {}, question)).state).toBe('granted')
})
