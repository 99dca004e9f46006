import { digestOf, type Flow, newId } from '@countersign/core'
import {
  ActionView,
  ApprovalPage,
  ApprovalView,
  byPerson,
  CandidateView,
  Explanation,
  LineageView,
  PolicyFiles,
  PolicySetView,
  PolicyTests,
  PolicyUse,
} from '@countersign/schema'
import { flowed } from '@countersign/stores/conformance'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Agent, Approval, Person } from '@countersign/schema'
import { createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
let agent: Agent
let controller: Person
let cookie: string
let question: Approval
beforeEach(async () => {
  rig = await createRig()
  const owner = await rig.person('owner')
  controller = await rig.person('controller', { groups: ['finance-controllers'] })
  cookie = await rig.cookieOf(controller)
  agent = await rig.agent(owner)
  question = await rig.ask(agent)
})
afterEach(() => rig.close())

const viewOf = async (with_ = cookie) =>
  ApprovalView.parse(await (await rig.get(`/api/approvals/${question.id}`, with_)).json())

describe('a question as its approver sees it (P9)', () => {
  it('carries the card whose hash is signed, and everything to judge it by', async () => {
    const view = await viewOf()
    expect(digestOf(view.card)).toBe(view.shown)
    expect(view).toMatchObject({
      state: 'open',
      sentence: 'Export 48,211 rows from finance.orders',
      purpose: { text: 'Month end <b>now</b>' },
      askedBy: { agent: { name: 'The reporter', team: 'data-platform', status: 'active' }, owner: { name: 'owner' } },
      policies: [{ id: 'finance-export-signoff', kind: 'sign-off', control: 'SOX-12' }],
      signOffs: [{ from: ['finance-controllers'], quorum: 1, served: 0, assurance: 'session' }],
      maySign: [{ name: 'controller' }],
      you: { can: 'approve', reasonRequired: false },
      mayStopAgent: true,
      mayEscalate: false,
      secondsLeft: 1800,
      askedAt: '2027-01-15T08:00:00.000Z',
    })
  })

  it('says what the one who looks can do, in the words of the rules', async () => {
    const owner = (await rig.store.people.get(agent.owner))!
    expect((await viewOf(await rig.cookieOf(owner))).you).toMatchObject({ can: 'look', code: 'ERR_SELF_APPROVAL' })
    const auditor = await rig.person('auditor', { roles: ['auditor'] })
    expect((await viewOf(await rig.cookieOf(auditor))).you).toMatchObject({
      can: 'look',
      code: 'ERR_APPROVER_NOT_ASKED',
    })
    question = await rig.ask(agent, { assurance: 'fresh' })
    expect((await viewOf()).you).toMatchObject({
      can: 'sign-in-again',
      signIn: `/sign-in?fresh=1&return=${encodeURIComponent(`/approvals/${question.id}`)}`,
    })
    question = await rig.ask(agent, { assurance: 'passkey' })
    expect((await viewOf()).you).toMatchObject({ can: 'look', code: 'ERR_ASSURANCE_TOO_LOW' })
  })

  it('bars whoever changed the agent since it was asked (P3)', async () => {
    const changed = { ...agent, version: 2, changedBy: controller.id }
    await rig.store.commit({
      facts: [{ kind: 'agent.changed', change: 'changed', by: byPerson(controller.id), agent: changed }],
    })
    const view = await viewOf()
    expect([view.you, view.mine, view.maySign]).toMatchObject([{ can: 'look', code: 'ERR_SELF_APPROVAL' }, false, []])
  })

  it('is expired the moment it is, before anyone settles it (P7)', async () => {
    rig.clock.at = question.expiresAt
    const view = await viewOf(await rig.cookieOf(controller))
    expect([view.state, view.secondsLeft, view.mine]).toEqual(['expired', 0, false])
    expect(view.you).toMatchObject({ can: 'look', code: 'ERR_APPROVAL_EXPIRED' })
  })

  it('shows what the same agent did before', async () => {
    const earlier = question
    question = await rig.ask(agent)
    expect((await viewOf()).history.map(({ id, standing }) => [id, standing])).toEqual([[earlier.actionId, 'waiting']])
  })
})

describe('pages', () => {
  it('lead from one to the next without gap or repeat', async () => {
    const asked = [question.id]
    for (let more = 0; more < 6; more++) asked.push((await rig.ask(agent)).id)
    const seen: string[] = []
    let after: string | undefined
    do {
      const path = `/api/approvals?limit=3${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`
      const page = ApprovalPage.parse(await (await rig.get(path, cookie)).json())
      expect(page.items.length).toBeLessThanOrEqual(3)
      seen.push(...page.items.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(asked.toReversed())
  })
})

describe('an action as the record has it', () => {
  it('has its whole life in sentences', async () => {
    await rig.post(`/api/approvals/${question.id}/signatures`, cookie, { verdict: 'reject', shown: question.shown })
    const view = ActionView.parse(await (await rig.get(`/api/actions/${question.actionId}`, cookie)).json())
    expect(view.standing).toBe('rejected')
    expect(view.timeline.map(({ type, words }) => [type, words])).toEqual([
      ['action.decided', 'Policy asks people (risk 55, policies finance-export-signoff).'],
      ['approval.asked', 'People were asked.'],
      ['approval.rejected', 'Rejected (session). It will not run.'],
    ])
  })

  it('is explained by the policies of now next to what was decided then', async () => {
    const said = await (await rig.get(`/api/policies/explain?action=${question.actionId}`, cookie)).json()
    expect(Explanation.parse(said)).toMatchObject({
      decided: { decision: 'ask', version: 'v1' },
      now: {
        resources: [{ resource: { name: 'finance.orders' }, auto: { kind: 'deny' }, approvable: { kind: 'allow' } }],
      },
    })
    expect(PolicySetView.parse(await (await rig.get('/api/policies', cookie)).json()).policies).toHaveLength(1)
  })
})

describe('policies', () => {
  it('P13: are counted by day and by policy, from the record', async () => {
    const use = PolicyUse.parse(await (await rig.get('/api/policies/use?days=2', cookie)).json())
    expect(use).toMatchObject({
      actions: 1,
      more: false,
      policies: [{ id: 'finance-export-signoff', ask: 1, allow: 0, deny: 0 }],
    })
    expect(use.days.map(({ ask }) => ask)).toEqual([0, 0, 1])
  })

  it('are explained for an action that somebody wrote down; what is wrong with it is said', async () => {
    const response = await rig.post('/api/policies/explain', cookie, { text: '{ agent: stranger }' })
    expect([response.status, await response.json()]).toMatchObject([400, { detail: 'nobody said who that is' }])
  })

  it('are tried, with problems in line and column', async () => {
    const files = PolicyFiles.parse(await (await rig.get('/api/policies/files', cookie)).json())
    const response = await rig.post('/api/policies/candidate', cookie, files)
    expect(CandidateView.parse(await response.json()).problems).toEqual([
      { file: 'site.cedar', line: 2, column: 3, says: 'is no policy' },
    ])
    const elsewhere = { files: [{ name: '../site.cedar', text: '' }] }
    expect((await rig.post('/api/policies/candidate', cookie, elsewhere)).status).toBe(400)
    expect(PolicyTests.parse(await (await rig.get('/api/policies/tests', cookie)).json())).toEqual({ version: 'v1' })
  })
})

describe('lineage', () => {
  const sampleFlow = (): Flow => ({
    action: newId('act'),
    at: rig.clock.now(),
    agent: agent.id,
    onBehalfOf: undefined,
    from: { kind: 'dataset', name: 'finance.orders' },
    fromColumns: ['email'],
    to: { kind: 'destination', name: 'mail' },
    toColumns: undefined,
    how: 'sends',
    rows: 5,
    approval: newId('apr'),
    approvers: [controller.id],
    policies: ['finance-export-signoff'],
  })
  const happen = async (...flows: Flow[]) => {
    for (const facts of flows.flatMap((flow) => flowed([flow]))) await rig.store.commit({ facts })
  }

  it('shows each flow with who approved it, and to others than readers only what concerns them', async () => {
    const flow = sampleFlow()
    const foreign = { ...flow, action: newId('act'), approvers: [], approval: undefined }
    await happen(flow, foreign)
    const look = async (with_: string) =>
      LineageView.parse(await (await rig.get('/api/lineage?dataset=finance.orders', with_)).json())
    const mine = await look(cookie)
    expect(mine.flows).toMatchObject([{ approvers: [{ name: 'controller' }], to: { name: 'mail' }, rows: 5 }])
    expect(mine.nodes).toContainEqual({ kind: 'destination', name: 'mail', step: 1 })
    const auditor = await rig.cookieOf(await rig.person('auditor', { roles: ['auditor'] }))
    expect((await look(auditor)).flows).toHaveLength(2)
  })

  it.each([
    ['dataset=finance.orders', 1, 1],
    ['column=finance.orders.email', 1, 1],
    ['column=finance.orders.phone', 0, 0],
    ['model=none', 0, 0],
    ['destination=mail', 1, 0],
    ['agent=reporter', 1, 1],
  ])('is asked by %s', async (query, flows, after) => {
    await happen(sampleFlow())
    const view = LineageView.parse(await (await rig.get(`/api/lineage?${query}`, cookie)).json())
    expect([view.flows.length, view.after]).toEqual([flows, after])
    if (flows > 0 && after > 0) {
      expect(view.edges).toMatchObject([
        {
          how: 'sends',
          times: 1,
          newest: { approvers: [{ name: 'controller' }], policies: ['finance-export-signoff'] },
        },
      ])
    }
  })

  it('of a person is theirs: others see of it what they see of its runs', async () => {
    const other = await rig.person('other')
    const own = { ...sampleFlow(), approvers: [], approval: undefined, onBehalfOf: other.id }
    await happen(sampleFlow(), own)
    const look = async (id: string) =>
      LineageView.parse(await (await rig.get(`/api/lineage?person=${id}`, cookie)).json())
    expect(await look(controller.id)).toMatchObject({ node: { title: 'controller' }, after: 1, edges: [{ times: 1 }] })
    expect(await look(other.id)).toMatchObject({ flows: [], nodes: [], after: 0 })
  })

  it.each([
    ['', 'Ask for exactly one of dataset, column, model, destination, agent, person.'],
    ['dataset=a&agent=b', 'Ask for exactly one of dataset, column, model, destination, agent, person.'],
    ['column=email', 'A column is written dataset.column, as in finance.orders.email.'],
  ])('refuses "%s", and says why', async (query, detail) => {
    const response = await rig.get(`/api/lineage?${query}`, cookie)
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'ERR_INPUT_INVALID', detail }])
  })
})

describe('reading the record', () => {
  const readings = async () => (await rig.facts()).filter(({ kind }) => kind === 'record.read')

  it('is itself recorded, once a minute for the same person and records', async () => {
    for (let again = 0; again < 3; again++) await rig.get(`/api/approvals/${question.id}`, cookie)
    await rig.get('/api/actions?agent=reporter', cookie)
    await rig.get('/api/actions?agent=reporter', cookie)
    expect(await readings()).toEqual([
      { kind: 'record.read', by: byPerson(controller.id), what: 'approval', query: question.id },
      { kind: 'record.read', by: byPerson(controller.id), what: 'actions', query: 'agent=reporter' },
    ])
    rig.clock.at += 60_000
    await rig.get(`/api/approvals/${question.id}`, cookie)
    expect(await readings()).toHaveLength(3)
  })

  it('shows nothing that cannot be recorded (P8)', async () => {
    const { store } = rig
    const full = { ...store, commit: () => Promise.reject(new Error('disk full')) }
    const instance = await createRig({ store: full, sessions: rig.parts.sessions })
    expect((await instance.get(`/api/approvals/${question.id}`, cookie)).status).toBe(500)
    await instance.close()
  })
})
