import { newId } from '@countersign/core'
import { ActionPage, type ActionRecord, type Agent, type Approval, type Person } from '@countersign/schema'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
let agent: Agent
let question: Approval
let auditor: string
beforeEach(async () => {
  rig = await createRig()
  agent = await rig.agent(await rig.person('owner'))
  question = await rig.ask(agent)
  auditor = await rig.cookieOf(await rig.person('auditor', { roles: ['auditor'] }))
})
afterEach(() => rig.close())

const ask = (query: Readonly<Record<string, string>>, cookie = auditor) =>
  rig.get(`/api/actions?${new URLSearchParams(query).toString()}`, cookie)
const find = async (query: Readonly<Record<string, string>>, cookie = auditor) =>
  ActionPage.parse(await (await ask(query, cookie)).json())
const caughtUp = () => expect.poll(async () => (await find({ class: 'financial' })).items.length).toBe(1)

describe('the record, searched', () => {
  it.each<[string, Record<string, string>, number]>([
    ['a word of the claimed purpose, in any case (P13)', { purpose: 'MONTH' }, 1],
    ['words of it in any order', { purpose: 'now, end month' }, 1],
    ['part of a word', { purpose: 'mont' }, 0],
    ['a word that is not there', { purpose: 'month billing' }, 0],
    ['a class', { class: 'financial' }, 1],
    ['another class', { class: 'personal' }, 0],
    ['an operation', { operation: 'mcp.tools/call' }, 1],
    ['a risk that is reached', { risk: '55' }, 1],
    ['a risk that is not', { risk: '56' }, 0],
    ['a standing', { standing: 'waiting' }, 1],
    ['another standing', { standing: 'done' }, 0],
    ['a standing and what was decided', { standing: 'waiting', decision: 'ask' }, 1],
    ['a signer who did not', { signer: 'per_nobody' }, 0],
    ['all at once', { purpose: 'month', class: 'financial', agent: 'reporter', risk: '10', environment: 'prod' }, 1],
  ])('is found by %s', async (_, query, count) => {
    await caughtUp()
    expect((await find(query)).items).toHaveLength(count)
  })

  it('G19: filters take names: a person is found by name or email address, in any case, and nobody finds nothing', async () => {
    const ada = await rig.person('Ada Byron', { email: 'ada@acme.example' })
    const { record } = (await rig.store.actions.get(question.actionId))?.life ?? {}
    if (!record) throw new Error('The question has no action.')
    const hers = { ...record, id: newId('act'), action: { ...record.action, onBehalfOf: ada.id } }
    await rig.store.commit({ facts: [{ kind: 'action.decided', record: hers }] })
    for (const person of [ada.id, 'ada byron', 'ADA@acme.example'])
      expect((await find({ person })).items.map(({ id }) => id)).toEqual([hers.id])
    expect((await find({ person: 'Ada' })).items).toEqual([])
    expect((await find({ signer: 'ada@acme.example' })).items).toEqual([])
  })

  it('of several people of one name, by what any of them did, and nobody is told that there are several', async () => {
    const { record } = (await rig.store.actions.get(question.actionId))?.life ?? {}
    if (!record) throw new Error('The question has no action.')
    const of = async (person: Person) => {
      const id = newId('act')
      const action = { ...record.action, onBehalfOf: person.id }
      await rig.store.commit({ facts: [{ kind: 'action.decided', record: { ...record, id, action } }] })
      return id
    }
    const [one, other] = [await rig.person('Twin'), await rig.person('twin', { email: 'twin@acme.example' })]
    const theirs = [await of(one), await of(other)]
    expect((await find({ person: 'Twin' })).items.map(({ id }) => id)).toEqual(theirs.toReversed())
    expect((await find({ person: 'twin@acme.example' })).items.map(({ id }) => id)).toEqual(theirs.slice(1))

    const reader = await rig.cookieOf(await rig.person('reads nothing'))
    const seen = async (name: string) => {
      const page = ActionPage.parse(await (await rig.get(`/api/actions?person=${name}`, reader)).json())
      return { ...page, behind: 'as far as the ledger has grown' }
    }
    expect(await seen('Twin')).toEqual(await seen('Nobody'))
  })

  it('is found by its digest, its question and its id', async () => {
    await caughtUp()
    for (const query of [{ digest: question.digest }, { approval: question.id }, { id: question.actionId }]) {
      expect((await find(query)).items.map(({ id }) => id)).toEqual([question.actionId])
    }
    expect((await find({ digest: '0'.repeat(64) })).items).toEqual([])
  })

  it.each<[string, Record<string, string>]>([
    ['a purpose without a word', { purpose: '…' }],
    ['a risk beyond all', { risk: '101' }],
    ['no digest', { digest: 'abc' }],
    ['a contradiction', { standing: 'denied', decision: 'allow' }],
    ['what nobody knows', { colour: 'red' }],
  ])('refuses %s', async (_, query) => {
    const answer = await ask(query)
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'ERR_INPUT_INVALID'])
  })

  it('says how far it is behind the ledger, until all is read, whatever is asked', async () => {
    await caughtUp()
    const cursor = { cursor: async () => 1 }
    const instance = await createRig({
      store: { ...rig.store, journal: { ...rig.store.journal, ...cursor } },
      sessions: rig.parts.sessions,
    })
    const asking = async (query: string) =>
      ActionPage.parse(await (await instance.get(`/api/actions?${query}`, auditor)).json()).behind
    const { size } = await rig.store.ledger.head()
    expect(await asking('purpose=month')).toBe(size - 1)
    expect(await asking('agent=reporter')).toBe(size)
    await expect.poll(async () => (await find({ purpose: 'month' })).behind).toBeUndefined()
    await instance.close()
  })

  it('shows others only what concerns them', async () => {
    const stranger = await rig.cookieOf(await rig.person('stranger'))
    expect((await find({ agent: agent.id }, stranger)).items).toEqual([])
  })

  it('shows others all that concerns them on one page, however much lies before it', async () => {
    const keeper = await rig.person('keeper')
    const theirs = await rig.agent(keeper, { id: 'quiet' })
    const others = await rig.agent(await rig.person('busy'), { id: 'busy' })
    const { record } = (await rig.store.actions.get(question.actionId))?.life ?? {}
    if (!record) throw new Error('The question has no action.')
    const done = (by: Agent): ActionRecord => {
      const decision = { kind: 'allow' as const, because: ['a-policy'], policyVersion: 'v1', obligations: [] }
      return { ...record, id: newId('act'), action: { ...record.action, agent: by.id }, decision }
    }
    const own = done(theirs)
    const records = [own, ...Array.from({ length: 600 }, () => done(others))]
    await rig.store.commit({ facts: records.map((each) => ({ kind: 'action.decided', record: each })) })

    const page = await find({}, await rig.cookieOf(keeper))
    expect([page.items.map(({ id }) => id), page.next]).toEqual([[own.id], undefined])
  })
})
