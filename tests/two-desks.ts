/**
 * Two instances on one memory store: two desks, two gates, one clock that the test moves. On two lanes everything is
 * asked: two controllers by chat, and one of legal by session, or of the CFO's office after ten minutes. What comes on
 * a third is allowed.
 *
 * @module
 */
import {
  closeOverdue,
  createDesk,
  createGate,
  createJudge,
  createStops,
  deferred,
  type Desk,
  type Gate,
  isError,
  nodeLease,
  type Ran,
  type Stops,
  type Store,
} from '@countersign/core'
import { byKeyAgain } from '@countersign/identity'
import { type Assurance, byPerson, bySystem, Registry, type Verdict } from '@countersign/schema'
import { createMemoryStore } from '@countersign/stores'
import { createManualClock } from '@countersign/stores/conformance'
import {
  actionOf,
  agent,
  agentId,
  context,
  groupsOf,
  leaseMs,
  membershipMs,
  minute,
  personOf,
  policies,
} from './two-desks-cast.ts'

export interface Instance {
  readonly node: string
  readonly desk: Desk
  readonly gate: Gate
  readonly stops: Stops
}

export interface TwoDesks {
  readonly store: Store
  readonly clock: ReturnType<typeof createManualClock>
  readonly instances: readonly [Instance, Instance]
  /** What really ran: the lane and nothing else. */
  readonly ran: readonly number[]
  /**
   * Sends the action of a lane; how it ended, or `ran` once its run has begun, which then stays under way. `again`:
   * under the attempt id of the lane's newest run.
   */
  attempt(at: number, lane: number, again: boolean): Promise<string>
  /** Ends this run of a lane, counted from its first. */
  end(lane: number, run: number, delivered: boolean): Promise<void>
  /** The client of that run gives up. */
  hangUp(lane: number, run: number): Promise<void>
  /** An instance ends without a word, its clients and its runs with it; another one starts in its place. */
  die(at: number): Promise<void>
  hasLease(at: number): boolean
  loseOrRegainLease(at: number): void
  /** What is done by the clock, by whichever instance; which nodes had their lease then. */
  goRound(at: number): Promise<readonly string[]>
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
  const clock = createManualClock()
  const store = createMemoryStore({ clock })
  const ran: number[] = []
  const runs: readonly UnderWay[][] = [[], [], []]
  let tries = 0
  let nodes = 0
  const unleased = new Set<string>()
  const newInstance = () => instanceOf(store, `nod_${++nodes}`, (node) => !unleased.has(node))
  const instances: [Instance, Instance] = [newInstance(), newInstance()]
  await store.commit({
    facts: [
      ...Object.keys(groupsOf).map(
        (id) =>
          ({
            kind: 'person.changed',
            change: 'signed-in',
            by: byPerson(id),
            person: personOf(id, clock.now()),
          }) as const,
      ),
      { kind: 'agent.changed', change: 'registered', by: byPerson('per-registrar'), agent },
    ],
  })

  return {
    store,
    clock,
    instances,
    ran,

    async attempt(at, lane, again) {
      const now = (await store.agents.get(agentId)) ?? agent
      const mine = runs[lane] ?? []
      const attemptId = (again && mine.at(-1)?.attemptId) || `attempt ${++tries}`
      const [begun, ends, gone] = [deferred<string>(), deferred<Ran>(), new AbortController()]
      let ending = 'nothing'
      const passing = instances[at === 0 ? 0 : 1].gate.pass({
        caller: {
          agent: now,
          credential: 'key_1',
          onBehalfOf: undefined,
          startedBy: undefined,
          proveAgain: byKeyAgain(store.agents, clock, { agent: agentId, key: 'key_1' }),
        },
        action: actionOf(lane),
        context: { ...context, sentence: `Export lane ${lane}`, attemptId },
        patienceMs: 0,
        signal: gone.signal,
        async run(permit) {
          permit.begin()
          ran.push(lane)
          mine.push({ attemptId, hangUp: () => gone.abort(), end: ends.resolve, over: passing })
          begun.resolve('ran')
          return ends.promise
        },
        async replay() {
          ending = 'replayed'
        },
        async refuse(refusal) {
          ending = refusal.kind === 'denied' ? refusal.reason : refusal.kind
        },
      })
      const over = passing.then(
        () => ending,
        (error: unknown) => {
          if (isError(error, 'ERR_STORE_UNAVAILABLE')) return 'unavailable'
          throw error
        },
      )
      return Promise.race([begun.promise, over])
    },

    async end(lane, run, delivered) {
      const result = { contentType: 'text/plain', body: '' }
      runs[lane]?.[run]?.end({ outcome: { kind: 'done', summary: 'ok' }, delivered, result })
      await runs[lane]?.[run]?.over
    },

    async hangUp(lane, run) {
      runs[lane]?.[run]?.hangUp()
    },

    async die(at) {
      instances[at === 0 ? 0 : 1] = newInstance()
    },

    hasLease: (at) => !unleased.has(instances[at === 0 ? 0 : 1].node),

    loseOrRegainLease(at) {
      const { node } = instances[at === 0 ? 0 : 1]
      if (!unleased.delete(node)) unleased.add(node)
    },

    async goRound(at) {
      for (const { node } of instances) {
        if (!unleased.has(node)) await store.leases.hold(`${nodeLease}${node}`, node, leaseMs)
      }
      const notOf = (await store.leases.list()).map(({ name }) => name.slice(nodeLease.length))
      await instances[at === 0 ? 0 : 1].desk.expireOrEscalateDue()
      await closeOverdue(store, () => undefined)
      await store.permits.abandon({ notOf })
      return notOf
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
      await store.commit({ facts: [{ kind: 'person.changed', change: 'roles', by: bySystem, person: left }] })
    },

    close: () => store.close(),
  }
}

interface UnderWay {
  readonly attemptId: string
  hangUp(): void
  end(ran: Ran): void
  readonly over: Promise<void>
}

function instanceOf(store: Store, node: string, leased: (node: string) => boolean): Instance {
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
    node: { id: node, epoch: () => (leased(node) ? 1 : undefined) },
    publicUrl: 'http://localhost:4600',
    limits: { open: 1_000, asked: 1_000, withinMs: minute },
    log: () => undefined,
  })
  return { node, desk, gate, stops: createStops({ store }) }
}
