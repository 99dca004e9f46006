import { type Approval, ApprovalPage, ApprovalView } from '@countersign/schema'
import type { Agent, Person } from '@countersign/schema'
import {
  asked,
  changed,
  decided,
  finished,
  granted,
  begins,
  permitted,
  sampleAction,
  sampleAllow,
  sampleOpen,
  samplePermit,
  sampleRecord,
  sampleSignature,
  spent,
} from '@countersign/stores/conformance'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
let agent: Agent
let controller: Person
let cookie: string
beforeEach(async () => {
  rig = await createRig()
  controller = await rig.person('Cora', { groups: ['finance-controllers'] })
  cookie = await rig.cookieOf(controller)
  agent = await rig.agent(await rig.person('owner'))
})
afterEach(() => rig.close())

const view = async ({ id }: Approval, with_ = cookie) =>
  ApprovalView.parse(await (await rig.get(`/api/approvals/${id}`, with_)).json())

const list = async (query: Record<string, string>, with_ = cookie) =>
  ApprovalPage.parse(await (await rig.get(`/api/approvals?${new URLSearchParams(query).toString()}`, with_)).json())

/** An action as the rig's questions are, already asked, approved and run. */
async function ran(over: Parameters<typeof sampleAction>[0], from = ['finance-controllers']): Promise<string> {
  const record = sampleRecord({ action: sampleAction({ agent: agent.id, ...over }) })
  const open = sampleOpen(record, { barred: [agent.owner] })
  const terms = { signOffs: [{ ...open.terms.signOffs[0]!, from }] as typeof open.terms.signOffs }
  const question = { ...open, terms }
  const grant = granted(question, sampleSignature(question, controller.id, { groups: from }))
  const permit = samplePermit(record, { agentVersion: agent.version, approval: grant.id })
  await rig.store.commit({ facts: [decided(record), asked(question)] })
  await rig.store.commit({ facts: [changed('granted', grant, grant.signatures[0])] })
  await rig.store.commit({ facts: [changed('spent', spent(grant, permit.id)), permitted(permit)] })
  await rig.store.commit({ facts: [finished(permit)] })
  return record.id
}

describe('the last run of the same shape', () => {
  it('comes with its parameters and who approved it, so that people see what is different this time', async () => {
    await ran({ parameters: { rows: 5, older: true } })
    const last = await ran({ parameters: { rows: 10, format: 'csv' } })
    const { lastRun } = await view(await rig.ask(agent))
    expect(lastRun).toMatchObject({
      action: last,
      parameters: { rows: 10, format: 'csv' },
      approvedBy: [{ name: 'Cora' }],
      outcome: { kind: 'done' },
    })
  })

  it.each<[string, Parameters<typeof sampleAction>[0]]>([
    ['in another environment', { environment: 'staging' }],
    ['of another operation', { operation: 'mcp.resources/read' }],
    ['in another place', { resources: [{ kind: 'dataset', name: 'crm.customers' }] }],
    ['for somebody', { onBehalfOf: 'per_someone' }],
  ])('is not one %s', async (_, over) => {
    await ran(over)
    expect((await view(await rig.ask(agent))).lastRun).toBeUndefined()
  })

  it('G11: comparison picks the same export that was approved before, though another dataset came later', async () => {
    const dataset = (name: string) => ({ resources: [{ kind: 'dataset' as const, name }] })
    const asking = await rig.ask(agent)
    const [same] = asking.card.bound.action.resources
    const before = await ran({ resources: [same!] })
    for (let later = 0; later < 6; later++) await ran(dataset(`finance.other-${later}`))
    expect((await view(asking)).lastRun).toMatchObject({ action: before, resources: [same] })
  })

  it('is not one that only waits', async () => {
    await rig.ask(agent)
    expect((await view(await rig.ask(agent))).lastRun).toBeUndefined()
  })

  it('is not one that the person may not see', async () => {
    await ran({}, ['cfo-office'])
    const other = await rig.person('other', { groups: ['finance-controllers'] })
    const question = await rig.ask(agent)
    expect((await view(question)).lastRun).toBeDefined()
    expect((await view(question, await rig.cookieOf(other))).lastRun).toBeUndefined()
  })
})

describe('a run of this very action that may have happened', () => {
  const done = { kind: 'done', summary: 'It went through.' } as const
  const unknown = { kind: 'unknown', summary: 'Nobody said.' } as const

  it.each([
    ['is told while nobody has said how it went', undefined, true],
    ['is told where it stays unknown', unknown, true],
    ['is not told once it is known', done, false],
  ])('%s', async (_, outcome, told) => {
    const action = sampleAction({ agent: agent.id, parameters: { rows: 7 } })
    const record = sampleRecord({ action, decision: sampleAllow() })
    const permit = samplePermit(record, { agentVersion: agent.version })
    await rig.store.commit({ facts: begins(record, permit) })
    if (outcome) await rig.store.commit({ facts: [finished(permit, { outcome, delivered: false })] })
    const again = sampleOpen(sampleRecord({ action }), { barred: [agent.owner] })
    const other = await rig.ask(agent)
    await rig.store.commit({ facts: [decided(sampleRecord({ action })), asked(again)] })
    const { openEndedRun } = await view(again)
    expect(openEndedRun?.action).toBe(told ? record.id : undefined)
    expect((await view(other)).openEndedRun).toBeUndefined()
  })
})

describe('a list of questions', () => {
  it.each([
    ['48,211 ORDERS', 1],
    ['reporter', 1],
    ['data.export prod', 1],
    ['finance.orders payroll', 0],
    ['finance%', 0],
  ])('is searched by words: %s', async (search, found) => {
    await rig.ask(agent)
    expect((await list({ search })).items).toHaveLength(found)
  })

  it('holds, on request, only those that ask a group of mine', async () => {
    const question = await rig.ask(agent)
    const owner = (await rig.store.people.get(agent.owner))!
    const mine = async (person: Person) => (await list({ asked: 'true' }, await rig.cookieOf(person))).items
    expect((await mine(controller)).map(({ id }) => id)).toEqual([question.id])
    expect(await mine(owner)).toEqual([])
  })

  it('names what each touches, and gives one groupKey to those of one kind', async () => {
    await rig.ask(agent)
    await rig.ask(agent)
    const { items } = await list({})
    expect(items.map(({ touches }) => touches)).toEqual([['finance.orders'], ['finance.orders']])
    expect(new Set(items.map(({ groupKey }) => groupKey)).size).toBe(1)
  })
})
