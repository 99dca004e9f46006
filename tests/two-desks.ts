/**
 * Two instances on one memory store: two desks, two gates, one clock that the test moves. Everything is asked: two
 * controllers by chat, and one of legal by session, or of the CFO's office after ten minutes.
 *
 * @module
 */
import {
  createDesk,
  createGate,
  createJudge,
  createStops,
  type Desk,
  type Gate,
  type PolicyNote,
  type PolicySet,
  type Stops,
  type Store,
} from '@countersign/core'
import { type Agent, type Assurance, type Person, Registry, type Verdict } from '@countersign/schema'
import { createMemoryStore } from '@countersign/stores'
import { createHandClock } from '@countersign/stores/conformance'

export const agentId = 'export-bot'
export const minute = 60_000
export const timeoutMs = 30 * minute
export const validMs = 15 * minute
export const escalateAfterMs = 10 * minute
/** Who has signed in longer ago than this cannot sign by chat. */
export const membershipMs = 20 * minute

/** The cast, and the groups of each. Whoever is in the requester chain is in every group: only P3 keeps them out. */
export const groupsOf: Readonly<Record<string, readonly string[]>> = {
  'per-one': ['controllers'],
  'per-two': ['controllers'],
  'per-three': ['controllers'],
  'per-law': ['legal'],
  'per-both': ['controllers', 'legal'],
  'per-cfo': ['cfo-office'],
  'per-out': ['others'],
  'per-owner': ['controllers', 'legal', 'cfo-office'],
  'per-registrar': ['controllers', 'legal', 'cfo-office'],
  'per-changer': ['controllers', 'legal', 'cfo-office'],
}
export const barred = ['per-owner', 'per-registrar', 'per-changer']

export interface Instance {
  readonly desk: Desk
  readonly gate: Gate
  readonly stops: Stops
}

export interface TwoDesks {
  readonly store: Store
  readonly clock: ReturnType<typeof createHandClock>
  readonly instances: readonly [Instance, Instance]
  /** What really ran: the lane and nothing else. */
  readonly ran: readonly number[]
  /** Sends the action of a lane; how it ended. */
  attempt(at: number, lane: number): Promise<string>
  sign(at: number, approval: string, how: Signing): Promise<void>
  leave(person: string): Promise<void>
  close(): Promise<void>
}

export interface Signing {
  readonly person: string
  readonly verdict: Verdict
  readonly assurance: Assurance
  /** Of another card than the one asked about. */
  readonly stale?: boolean
}

export async function openTwoDesks(): Promise<TwoDesks> {
  const clock = createHandClock()
  const store = createMemoryStore({ clock })
  const ran: number[] = []
  let tries = 0
  const instances = [instanceOf(store, 'nod_1'), instanceOf(store, 'nod_2')] as const
  await store.commit({
    facts: [
      ...Object.keys(groupsOf).map(
        (id) => ({ kind: 'person.changed', change: 'signed-in', by: id, person: personOf(id, clock.now()) }) as const,
      ),
      { kind: 'agent.changed', change: 'registered', by: 'per-registrar', agent },
    ],
  })

  return {
    store,
    clock,
    instances,
    ran,

    async attempt(at, lane) {
      const now = (await store.agents.get(agentId)) ?? agent
      let ending = 'nothing'
      await instances[at % 2]?.gate.pass({
        caller: { agent: now, credential: 'key_1', onBehalfOf: undefined, startedBy: undefined },
        action: {
          gateway: 'http',
          door: 'enforcing',
          verb: 'data.export',
          operation: 'http.request',
          resources: [{ kind: 'dataset', name: 'finance.orders' }],
          parameters: { lane },
          environment: 'prod',
        },
        context: {
          sentence: `Export lane ${lane}`,
          effect: 'write',
          lineage: { reads: [{ name: 'finance.orders' }], writes: [] },
          measures: {},
          purpose: undefined,
          attemptId: `attempt ${++tries}`,
          session: 's',
          trace: undefined,
          client: 'test',
          destructive: false,
          observed: false,
        },
        patienceMs: 0,
        signal: new AbortController().signal,
        async run(permit) {
          permit.begin()
          ran.push(Number((permit.action.parameters as { lane: number }).lane))
          ending = 'ran'
          return { outcome: { kind: 'done', summary: 'ok' }, delivered: true, result: undefined }
        },
        async replay() {
          ending = 'replayed'
        },
        async refuse(refusal) {
          ending = refusal.kind === 'denied' ? refusal.reason : refusal.kind
        },
      })
      return ending
    },

    async sign(at, approval, { person, verdict, assurance, stale = false }) {
      const asked = await store.approvals.get(approval)
      const shown = stale ? 'ab'.repeat(32) : (asked?.shown ?? '')
      const how = { reason: undefined, channel: 'test', proof: undefined }
      await instances[at % 2]?.desk.sign(approval, { person, verdict, assurance, shown, ...how })
    },

    async leave(id) {
      const person = await store.people.get(id)
      if (!person?.active) return
      const left = { ...person, version: person.version + 1, active: false }
      await store.commit({ facts: [{ kind: 'person.changed', change: 'roles', by: 'house', person: left }] })
    },

    close: () => store.close(),
  }
}

function instanceOf(store: Store, node: string): Instance {
  const desk = createDesk({ store, membershipMs })
  const policy = { active: () => policies }
  const registry = () =>
    Registry.parse({ datasets: { 'finance.orders': { domain: 'finance', classes: ['financial'] } } })
  const judge = createJudge({ store, policy, registry, clock: store.clock })
  const gate = createGate({
    store,
    desk,
    policy,
    judge,
    node: { id: node, epoch: () => 1 },
    publicUrl: 'http://localhost:4600',
    limits: { open: 1_000, asked: 1_000, withinMs: minute },
    log: () => undefined,
  })
  return { desk, gate, stops: createStops({ store }) }
}

const agent: Agent = {
  id: agentId,
  version: 1,
  name: agentId,
  owner: 'per-owner',
  team: 'a-team',
  groups: [],
  environment: 'prod',
  mode: 'enforce',
  status: 'active',
  keys: [{ id: 'key_1', hash: '1'.repeat(64), createdAt: 0, expiresAt: Number.MAX_SAFE_INTEGER }],
  registeredBy: 'per-registrar',
  changedBy: 'per-changer',
}

const personOf = (id: string, now: number): Person => ({
  id,
  version: 1,
  issuer: 'https://idp.example',
  subject: id,
  name: id,
  groups: [...(groupsOf[id] ?? [])],
  groupsAsOf: now,
  active: true,
  roles: [],
})

const note = (
  id: string,
  signOff: Pick<NonNullable<PolicyNote['signOff']>, 'quorum' | 'from' | 'assurance'>,
): PolicyNote => {
  const about = { id, doc: `What ${id} says.`, owner: 'finance' }
  const bounds = { timeoutMs, validMs, reasonRequired: false, purposeRequired: false, distinct: false }
  const escalate = { to: 'cfo-office', afterMs: escalateAfterMs }
  return {
    ...about,
    control: undefined,
    kind: 'sign-off',
    text: '',
    signOff: { ...about, ...bounds, ...signOff, enforcingDoorOnly: false, ...(id === 'legal' && { escalate }) },
    obligations: [],
  }
}

const notes: readonly PolicyNote[] = [
  note('controllers', { quorum: 2, from: ['controllers'], assurance: 'chat' }),
  note('legal', { quorum: 1, from: ['legal'], assurance: 'session' }),
  { ...note('may', { quorum: 1, from: ['nobody'], assurance: 'chat' }), kind: 'allowance', signOff: undefined },
]

const policies: PolicySet = {
  version: 'v1',
  policies: notes,
  policy: (id) => notes.find((one) => one.id === id),
  couldAllow: () => true,
  evaluate: (which) =>
    which === 'auto' ? { kind: 'deny', by: ['controllers', 'legal'] } : { kind: 'allow', by: ['may'] },
}
