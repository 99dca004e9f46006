/**
 * A gate, a desk and a memory store, with policies that say what the test wants.
 *
 * @module
 */
import {
  type Answer,
  type Attempt,
  type Change,
  createDesk,
  createGate,
  createJudge,
  createStops,
  CountersignError,
  type Desk,
  type HandedPermit,
  type Limits,
  type LogLine,
  type Permit,
  type Ran,
  type Store,
  stepOf,
  stepsOf,
} from '@countersign/core'
import { byKeyAgain } from '@countersign/identity'
import {
  type Agent,
  type Approval,
  byPerson,
  bySystem,
  type Fact,
  type FactKind,
  type KeptResult,
  type Obligation,
  type Person,
  type Refusal,
  type Reported,
} from '@countersign/schema'
import { Registry } from '@countersign/schema'
import { createMemoryStore } from '@countersign/stores'
import { createManualClock } from '@countersign/stores/conformance'
import { onTestFinished } from 'vitest'
import { agentId, agentOf, personOf, policySet, type Says } from './cast.ts'

export const done = (): Ran => ({ outcome: { kind: 'done', summary: 'ok' }, delivered: true, result: undefined })

export interface SceneOptions {
  readonly says: Says
  readonly mode?: Agent['mode']
  readonly limits?: Limits
  readonly recordAgainAfterMs?: readonly number[]
  /** What the gate has in place of the desk. */
  readonly deskOfGate?: (desk: Desk) => Desk
}

export interface AttemptOptions {
  readonly parameters?: Record<string, string | number>
  readonly resource?: string
  readonly patienceMs?: number
  readonly signal?: AbortSignal
  /** Of the attempt; null for one without. */
  readonly id?: string | null
  readonly effect?: 'read' | 'write'
  readonly as?: string
  readonly onBehalfOf?: string
  /** Comes in by a gateway that only observes. */
  readonly observed?: boolean
  /** Comes with the agent as it was when the scene began. */
  readonly asOfBefore?: boolean
  /** How its credential is proven again. Default: by its key, as it stands then. */
  readonly proveAgain?: () => Promise<Agent>
  readonly run?: (permit: Permit) => Promise<Ran>
  /** What the gateway does when an earlier answer is handed out. */
  readonly replay?: () => void
  /** The permit of the run that it is said to be part of. */
  readonly parent?: string
  /** The client runs it itself, as behind a hook. */
  readonly cooperating?: true
  /** What the gateway says that it enforces. Default: everything where it enforces, nothing where it cooperates. */
  readonly enforces?: (obligation: Obligation) => boolean
  /** What becomes of a permit on its way to the client. */
  readonly grant?: () => Promise<void>
}

export interface Ending {
  readonly ending: string
  readonly refusal?: Refusal
  readonly ran?: Permit
  readonly result?: KeptResult
  readonly handed?: HandedPermit
}

export type Scene = ReturnType<typeof createScene>

/** Closed when the test is over. */
export function scene(how: SceneOptions): Scene {
  const made = createScene(how)
  onTestFinished(() => made.close())
  return made
}

/** Whether something may run by it. */
export const isPermit = (fact: Fact): boolean => stepOf(fact, 'action.permitted') !== undefined

function createScene({ says: first, mode = 'enforce', limits, recordAgainAfterMs = [], deskOfGate }: SceneOptions) {
  const clock = createManualClock()
  let broken: FactKind | undefined
  let says = first
  let lease = true
  let loaded: string | undefined
  let lies: string | undefined
  let meanwhile: { readonly kind: FactKind; readonly act: () => Promise<unknown> } | undefined
  let dataClass = 'financial'
  let duties: readonly Obligation[] = []
  let runs = 0
  let tries = 0
  const lines: LogLine[] = []
  const log = (line: LogLine) => void lines.push(line)

  const memory = createMemoryStore({ clock })
  const store: Store = { ...memory, clock: memory.clock, commit: fragile }
  const registry = () => Registry.parse({ datasets: { 'finance.orders': { domain: 'finance', classes: [dataClass] } } })
  const policy = { active: () => ({ ...policySet(says, duties), ...(loaded !== undefined && { version: loaded }) }) }
  const desk = createDesk({ store })
  const stops = createStops({ store })
  const gate = createGate({
    store,
    desk: deskOfGate?.(desk) ?? desk,
    policy,
    judge: createJudge({ store, policy, registry, clock }),
    node: { id: 'nod_1', epoch: () => (lease ? 1 : undefined) },
    publicUrl: 'http://localhost:4600',
    ...(limits && { limits }),
    async caughtUp(judgedBy, inForce) {
      if (lies !== undefined) loaded = lies
      return policy.active().version === inForce && inForce !== judgedBy
    },
    recordAgainAfterMs,
    log,
  })
  const before = founded()
  const closing = new AbortController()
  const telling = tell()

  async function attempt(how: AttemptOptions = {}): Promise<Ending> {
    const agents = await before
    const id = how.as ?? agentId
    const agent = how.asOfBefore ? agents.get(id) : await store.agents.get(id)
    if (!agent) throw new Error(`no agent ${id}`)
    let ending: Ending = { ending: 'nothing' }
    await gate.pass({
      caller: {
        agent,
        credential: `key_${id}`,
        onBehalfOf: how.onBehalfOf,
        startedBy: undefined,
        proveAgain: how.proveAgain ?? byKeyAgain(store.agents, clock, { agent: id, key: `key_${id}` }),
      },
      action: {
        gateway: 'http',
        mode: 'enforcing',
        verb: 'data.export',
        operation: 'http.request',
        resources: [{ kind: 'dataset', name: how.resource ?? 'finance.orders' }],
        parameters: how.parameters ?? { rows: 48_211 },
        environment: 'prod',
      },
      context: {
        sentence: 'Export 48,211 rows from finance.orders',
        effect: how.effect ?? 'write',
        lineage: { reads: [{ name: 'finance.orders' }], writes: [] },
        measures: {},
        purpose: undefined,
        attemptId: how.id === null ? undefined : (how.id ?? `attempt ${++tries}`),
        ...(how.parent !== undefined && { parent: how.parent }),
        session: 's',
        trace: undefined,
        client: 'test',
        destructive: false,
        observed: how.observed ?? false,
      },
      ...(how.cooperating ? how.enforces && { enforces: how.enforces } : { enforces: how.enforces ?? (() => true) }),
      patienceMs: how.patienceMs ?? 1,
      signal: how.signal ?? new AbortController().signal,
      ...(how.cooperating
        ? {
            async grant(handed: HandedPermit) {
              ending = { ending: 'granted', handed }
              await how.grant?.()
            },
            async granted(handed: HandedPermit) {
              ending = { ending: 'granted again', handed }
            },
          }
        : {
            async run(permit: Permit) {
              runs += 1
              ending = { ending: 'ran', ran: permit }
              return how.run ? how.run(permit) : done()
            },
            async replay(result: KeptResult) {
              ending = { ending: 'replayed', result }
              how.replay?.()
            },
          }),
      async refuse(refusal) {
        const why = refusal.kind === 'denied' ? ` ${refusal.reason}` : ''
        ending = { ending: `${refusal.kind}${why}`, refusal }
      },
    } satisfies Attempt)
    return ending
  }

  /** Signs the open question, as soon as there is one. */
  const answer = Object.assign(
    async (person: string, how: Partial<Answer> = {}, question?: Approval): Promise<Approval> => {
      const { id, shown } = question ?? (await nextQuestion())
      return desk.sign(id, {
        person,
        verdict: 'approve',
        reason: undefined,
        assurance: 'session',
        channel: 'test',
        shown,
        proof: undefined,
        ...how,
      })
    },
    { next: nextQuestion },
  )

  /** As the client of an agent, with that agent's key. */
  async function report(permit: string, said: Partial<Reported> = {}, as = agentId): Promise<string> {
    const agent = await store.agents.get(as)
    if (!agent) throw new Error(`no agent ${as}`)
    const caller = {
      agent,
      credential: `key_${as}`,
      onBehalfOf: undefined,
      startedBy: undefined,
      proveAgain: async () => agent,
    }
    return gate.report(permit, caller, { kind: 'done', summary: 'made it', ...said } as Reported).then(
      () => 'recorded',
      (error: { code: string }) => error.code,
    )
  }

  return {
    attempt,
    report,
    answer,
    clock,
    store,
    desk,
    stops,
    log,
    ran: () => runs,
    questions: async () => (await store.approvals.list({})).items,
    lives: async () => (await store.actions.search({})).items,
    say: (what: Says) => void (says = what),
    oblige: (...what: Obligation[]) => void (duties = what),
    reclassify: (name: string) => void (dataClass = name),
    /** Another instance brings policies of this version in force; those that lie here are of `here`, once they are looked for. */
    async activate(version: string, here?: string) {
      lies = here
      await memory.commit({ facts: [{ kind: 'policy.activated', by: bySystem, version, policies: [] }] })
    },
    /** Once, when such a fact is on its way into the store: what it rests on was looked at. */
    before: (kind: FactKind, act: () => Promise<unknown>) => void (meanwhile = { kind, act }),
    breakStore: (kind: FactKind | undefined) => void (broken = kind),
    loseLease: () => void (lease = false),
    regainLease: () => void (lease = true),
    giveAgentTo: (owner: string) => change(agentId, { owner }),
    changeAgent: (what: Partial<Agent>) => change(agentId, what),
    leave: (person: string) => changePerson(person, { active: false }),
    changePerson,

    /** What was written down since the scene began, in order. */
    async story(): Promise<string[]> {
      const entries = await store.journal.read(0, 10_000)
      return entries.flatMap(({ fact }) => {
        if (fact.kind === 'approval.changed') return [`approval.${fact.change}`]
        return fact.kind === 'agent.changed' || fact.kind === 'person.changed' ? [] : [fact.kind]
      })
    },

    async close() {
      closing.abort()
      await telling
      await memory.close()
    },
  }

  async function fragile(wanted: Change): Promise<number> {
    const kinds = wanted.facts.flatMap(stepsOf).map(({ kind }) => kind)
    if (kinds.some((kind) => kind === broken)) throw new CountersignError('ERR_STORE_UNAVAILABLE')
    if (kinds.some((kind) => kind === meanwhile?.kind)) {
      const { act } = meanwhile ?? {}
      meanwhile = undefined
      await act?.()
    }
    return memory.commit(wanted)
  }

  async function tell(): Promise<void> {
    for await (const page of store.journal.follow(0, closing.signal)) {
      for (const { fact } of page) {
        if (fact.kind === 'approval.changed') desk.show(fact.approval)
        if (fact.kind === 'agent.changed') gate.heed(fact.agent)
      }
    }
  }

  async function nextQuestion(): Promise<Approval> {
    await before
    for (;;) {
      const [open] = (await store.approvals.list({ states: ['open'] })).items
      if (open) return open
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  async function founded(): Promise<ReadonlyMap<string, Agent>> {
    const agents = [agentId, 'other-bot'].map((id) => agentOf(id, mode))
    const people = ['per_ben', 'per_cleo', 'per_ana', 'per_reg', 'per_obo', 'per_eve'].map((id) =>
      personOf(id, clock.now()),
    )
    await memory.commit({
      facts: [
        ...people.map(
          (one) => ({ kind: 'person.changed', change: 'signed-in', by: byPerson(one.id), person: one }) as const,
        ),
        ...agents.map(
          (one) => ({ kind: 'agent.changed', change: 'registered', by: byPerson('per_reg'), agent: one }) as const,
        ),
      ],
    })
    return new Map(agents.map((one) => [one.id, one]))
  }

  async function change(id: string, what: Partial<Agent>): Promise<void> {
    const found = await store.agents.get(id)
    if (!found) throw new Error(`no agent ${id}`)
    const next = { ...found, ...what, version: found.version + 1 }
    await memory.commit({ facts: [{ kind: 'agent.changed', change: 'changed', by: byPerson('per_eve'), agent: next }] })
  }

  async function changePerson(id: string, what: Partial<Person>): Promise<void> {
    const found = await store.people.get(id)
    if (!found) throw new Error(`no person ${id}`)
    const next = { ...found, ...what, version: found.version + 1 }
    await memory.commit({ facts: [{ kind: 'person.changed', change: 'roles', by: byPerson('per_eve'), person: next }] })
  }
}
