/** What an attacker would try at the gate, found in review. */
import { CountersignError } from '@countersign/core'
import { type Agent, byPerson, Json, type KeptResult } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { agentId, agentOf, minute } from './cast.ts'
import { type AttemptOptions, done, isPermit, scene } from './scene.ts'

const kept: KeptResult = { contentType: 'text/plain', body: Buffer.from('48,211 rows').toString('base64') }
const hour = 60 * minute

describe('P1, P9: what was shown is what holds', () => {
  it('a mask that was on the card and is gone at the run: the grant is void and it is asked anew', async () => {
    const { attempt, answer, oblige, questions } = scene({ says: 'ask' })
    oblige({ kind: 'mask', fields: ['customers.email'] }, { kind: 'limit', rows: 1000 })
    await attempt()
    await answer('per_ben')
    oblige()
    expect(await attempt()).toMatchObject({ ending: 'waiting' })
    expect((await questions()).map(({ state }) => state)).toEqual(['open', 'voided'])
  })

  it('also if policy would let it run without anyone by now', async () => {
    const { attempt, answer, oblige, say, questions } = scene({ says: 'ask' })
    oblige({ kind: 'mask', fields: ['customers.email'] })
    const held = attempt({ patienceMs: 60_000 })
    const question = await answer.next()
    say('allow')
    oblige()
    await answer('per_ben', {}, question)
    expect(await held).toMatchObject({ ending: 'ran', ran: { obligations: [] } })
    expect((await questions()).map(({ state }) => state)).toEqual(['voided']) // it ran as allowed, not as countersigned
  })
})

describe('P10: an attempt has one action', () => {
  it.each<['ask' | 'allow']>([['ask'], ['allow']])(
    'the same attempt id with other arguments gets nobody’s answer: %s',
    async (says) => {
      const { attempt, answer, ran } = scene({ says })
      const first = { id: '1', parameters: { rows: 1 }, run: async () => ({ ...done(), result: kept }) }
      await attempt(first)
      if (says === 'ask') await answer('per_ben')
      if (says === 'ask') await attempt(first)
      await expect(attempt({ id: '1', parameters: { rows: 2 } })).rejects.toMatchObject({ code: 'ERR_ATTEMPT_KNOWN' })
      expect(ran()).toBe(1)
    },
  )

  it('a client that hangs up over the replay as well gets it at the third try, not a second run', async () => {
    const { attempt, ran } = scene({ says: 'allow' })
    await attempt({ id: '1', run: async () => ({ ...done(), delivered: false, result: kept }) })
    const gone = new AbortController()
    const lost = { id: '2', signal: gone.signal, replay: () => gone.abort() }
    expect(await attempt(lost)).toMatchObject({ ending: 'replayed' })
    expect(await attempt({ id: '3' })).toMatchObject({ ending: 'replayed', result: kept })
    expect(ran()).toBe(1)
  })

  it('an answer is kept for a day; after that the client is told that it ran, and then it is a new action', async () => {
    const { attempt, clock, ran } = scene({ says: 'allow' })
    await attempt({ id: '1', run: async () => ({ ...done(), delivered: false, result: kept }) })
    clock.advance(25 * hour)
    expect(await attempt({ id: '2' })).toMatchObject({ ending: 'done' })
    expect(ran()).toBe(1)
    expect(await attempt({ id: '3' })).toMatchObject({ ending: 'ran' })
  })
})

describe('P3: who can act as the agent is part of the request', () => {
  const key = { id: 'key_1', hash: '0'.repeat(64), createdAt: 0, expiresAt: Number.MAX_SAFE_INTEGER }

  it('who issued a key that is still good may not sign, whoever changed the agent since', async () => {
    const { attempt, answer, changeAgent } = scene({ says: 'ask' })
    await changeAgent({ keys: [{ ...key, issuedBy: 'per_ben' }], changedBy: 'per_eve' })
    await attempt()
    await expect(answer('per_ben')).rejects.toMatchObject({ code: 'ERR_SELF_APPROVAL' })
    expect(await answer('per_cleo')).toMatchObject({ state: 'granted' })
  })

  it('once it has run out or is revoked, they may', async () => {
    for (const over of [{ expiresAt: 1 }, { revokedAt: 1 }]) {
      const { attempt, answer, changeAgent } = scene({ says: 'ask' })
      await changeAgent({ keys: [{ ...key, ...over, issuedBy: 'per_ben' }], changedBy: 'per_eve' })
      await attempt()
      expect(await answer('per_ben')).toMatchObject({ state: 'granted' })
    }
  })
})

describe('P7: expiry, to the millisecond', () => {
  it('a grant that runs out while its permit is on the way to the store does not run', async () => {
    const { attempt, answer, clock, store, ran } = scene({ says: 'ask' })
    await attempt()
    const granted = await answer('per_ben')
    if (granted.state !== 'granted') throw new Error(granted.state)
    clock.set(granted.validUntil - 1)
    const commit = store.commit.bind(store)
    store.commit = async (change) => {
      if (change.facts.some(isPermit)) clock.set(granted.validUntil)
      return commit(change)
    }
    expect(await attempt()).toMatchObject({ ending: 'expired' })
    expect(ran()).toBe(0)
  })

  it('so does a signature', async () => {
    const { attempt, answer, clock, store } = scene({ says: 'ask' })
    await attempt()
    const question = await answer.next()
    clock.set(question.expiresAt - 1)
    const commit = store.commit.bind(store)
    store.commit = async (change) => {
      if (change.facts.some(({ kind }) => kind === 'approval.changed')) clock.set(question.expiresAt)
      return commit(change)
    }
    await expect(answer('per_ben', {}, question)).rejects.toMatchObject({ code: 'ERR_APPROVAL_EXPIRED' })
  })
})

describe('P15: what was taken away stays away', () => {
  it('a key that is revoked while its call is held: the call does not run, another key’s does', async () => {
    const { attempt, answer, changeAgent, clock, ran } = scene({ says: 'ask' })
    const key = { id: `key_${agentId}`, hash: '0'.repeat(64), createdAt: 0, expiresAt: Number.MAX_SAFE_INTEGER }
    await changeAgent({ keys: [key] })
    const held = attempt({ patienceMs: 60_000 })
    const question = await answer.next()
    await changeAgent({ keys: [{ ...key, revokedAt: clock.now() }] })
    await Promise.all([
      expect(held).rejects.toMatchObject({ code: 'ERR_AGENT_UNKNOWN' }),
      answer('per_ben', {}, question),
    ])
    expect(ran()).toBe(0)
  })

  it.each<[string, () => Promise<Agent>, string]>([
    [
      'cannot be proven now',
      () => Promise.reject(new CountersignError('ERR_STORE_UNAVAILABLE')),
      'ERR_STORE_UNAVAILABLE',
    ],
    ['proves another agent now', async () => agentOf('other-bot', 'enforce'), 'ERR_AGENT_UNKNOWN'],
  ])('what was held does not run when its credential %s: the grant stands', async (_, proveAgain, code) => {
    const { attempt, answer, questions, ran } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    await expect(attempt({ proveAgain })).rejects.toMatchObject({ code })
    expect([ran(), (await questions())[0]?.state]).toEqual([0, 'granted'])
    expect(await attempt()).toMatchObject({ ending: 'ran' })
  })

  it('nobody approves for an agent that is stopped; to reject it is never too late', async () => {
    const { attempt, answer, changeAgent } = scene({ says: 'ask' })
    await attempt({ parameters: { n: 1 } })
    await changeAgent({ status: 'stopped' }) // and the question came in between
    await expect(answer('per_ben')).rejects.toMatchObject({ code: 'ERR_AGENT_STOPPED' })
    expect(await answer('per_ben', { verdict: 'reject' })).toMatchObject({ state: 'rejected' })
  })
})

it('a crowd of attempts at once asks no more questions than one after the other', async () => {
  const { attempt, questions } = scene({ says: 'ask', limits: { open: 3, asked: 60, withinMs: 10 * minute } })
  const endings = await Promise.all(Array.from({ length: 20 }, (_, n) => attempt({ parameters: { n } })))
  expect(endings.filter(({ ending }) => ending === 'waiting')).toHaveLength(3)
  expect(await questions()).toHaveLength(3)
})

describe('P14: what happened is recorded, though the store was away for a while', () => {
  const away = () => {
    const made = scene({ says: 'allow', recordAgainAfterMs: [1, 1, 1] })
    const commit = made.store.commit.bind(made.store)
    return { ...made, commit }
  }

  it('the outcome is written once the store is back', async () => {
    const { attempt, store, commit, lives } = away()
    let failures = 2
    store.commit = async (change) => {
      if (change.facts.some(({ kind }) => kind === 'action.finished') && failures-- > 0) {
        throw new CountersignError('ERR_STORE_UNAVAILABLE')
      }
      return commit(change)
    }
    await attempt()
    await expect.poll(async () => (await lives())[0]?.outcome).toMatchObject({ kind: 'done' })
  })

  it('one that was written though nobody said so stays as it is', async () => {
    const { attempt, store, commit, lives, story } = away()
    let heard = false
    store.commit = async (change) => {
      const index = await commit(change)
      if (change.facts.some(({ kind }) => kind === 'action.finished') && !heard) {
        heard = true
        throw new CountersignError('ERR_STORE_UNAVAILABLE')
      }
      return index
    }
    await attempt()
    expect((await lives())[0]?.outcome).toMatchObject({ kind: 'done' })
    expect((await story()).filter((each) => each === 'action.finished')).toHaveLength(1)
  })
})

it('P12: of an attempt whose record was erased nothing is told, and it does not run again', async () => {
  const { attempt, store, ran } = scene({ says: 'allow' })
  await attempt({ id: '1' })
  const known = store.permits.get
  store.permits.get = async () => undefined
  await expect(attempt({ id: '1' })).rejects.toMatchObject({ code: 'ERR_ATTEMPT_KNOWN' })
  store.permits.get = known
  expect(ran()).toBe(1)
})

describe('P8: what could not be read back is not written', () => {
  it.each<[string, AttemptOptions]>([
    ['an attempt id without end', { id: 'x'.repeat(501) }],
    ['a resource without end', { resource: 'x'.repeat(501) }],
    ['a resource without name', { resource: '' }],
  ])('%s is refused, and leaves nothing behind', async (_, how) => {
    const { attempt, story, questions } = scene({ says: 'ask' })
    await expect(attempt(how)).rejects.toMatchObject({ code: 'ERR_INPUT_INVALID' })
    expect(await story()).toEqual([])
    expect(await questions()).toEqual([])
  })

  it('reading a record back does not walk what an agent sent: a megabyte of brackets would keep everybody waiting', () => {
    const parameters = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('walked')
        },
      },
    )
    expect(Json.safeParse(parameters).success).toBe(true)
  })
})

describe('P15: nothing keeps an agent from being stopped', () => {
  it('not even questions that cannot be read; what is left is taken back when it is stopped again', async () => {
    const { attempt, answer, stops, store, questions } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    const { list } = store.approvals
    store.approvals.list = async () => {
      throw new CountersignError('ERR_LEDGER_BROKEN')
    }
    await expect(stops.stop(agentId, byPerson('per_eve'), 'it went mad')).rejects.toMatchObject({
      code: 'ERR_LEDGER_BROKEN',
    })
    expect(await store.agents.get(agentId)).toMatchObject({ status: 'stopped', stoppedBy: 'per_eve' })
    store.approvals.list = list
    expect(await attempt()).toMatchObject({ ending: 'denied agent_stopped' })
    await stops.stop(agentId, byPerson('per_ben'), 'once more')
    expect((await questions()).map(({ state }) => state)).toEqual(['voided'])
    expect(await store.agents.get(agentId)).toMatchObject({ stoppedBy: 'per_eve' })
  })
})
