/**
 * The ways to look: a row of the world says where in the journal a noun stands. What is handed out is frozen: nobody
 * changes the store but by a commit.
 *
 * @module
 */
import {
  type ActionQuery,
  type Clock,
  flowsOf,
  isOpenEnded,
  isUndelivered,
  keywordsOf,
  type Keys,
  type PermitLife,
  type PermitRow,
  replayKey,
  searchable,
  type StepKind,
  stepOf,
  type Store,
  type World,
} from '@countersign/core'
import type { ActionLife, Agent, Approval, Entry, Person } from '@countersign/schema'
import type { MemoryJournal } from './journal.ts'
import { createLineage } from './lineage.ts'
import type { Lookups } from './lookups.ts'
import { pageOf } from './paging.ts'

type Reads = Pick<Store, 'approvals' | 'permits' | 'agents' | 'people' | 'tools' | 'actions' | 'lineage'>

export interface ReadsParts {
  readonly world: World
  readonly keys: Keys
  readonly lookups: Lookups
  readonly journal: MemoryJournal
  readonly clock: Clock
}

/** Expired questions or runs handed over at once, so that one poll stays short; the others are there at the next. */
const mostAtOnce = 100
/** Entries of one action's life that are shown; of a longer one the newest, and how many were left out. */
const longestTimeline = 2_000
/** Of those, refused signatures, so that nobody's refusals push the rest out; the newest. */
const mostRefused = 20

export function createReads({ world, keys, lookups, journal, clock }: ReadsParts): Reads {
  /** Undefined for what was erased. */
  const factAt = <Kind extends StepKind>(index: number | null | undefined, kind: Kind) =>
    stepOf(index === null || index === undefined ? undefined : journal.at(index)?.fact, kind)
  const approvalOf = (row: { readonly entry: number } | undefined): Approval | undefined =>
    factAt(row?.entry, 'approval.changed')?.approval
  const agentOf = (row: { readonly entry: number; readonly erased: boolean } | undefined): Agent | undefined =>
    row?.erased === false ? factAt(row.entry, 'agent.changed')?.agent : undefined
  const personOf = (row: { readonly entry: number } | undefined): Person | undefined =>
    factAt(row?.entry, 'person.changed')?.person
  const everyApproval = () => [...world.approvals.values()]
  const everyAgent = () => [...world.agents.values()].flatMap((row) => agentOf(row) ?? [])
  const everyPerson = () => [...world.people.values()].flatMap((row) => personOf(row) ?? [])

  function permitLife(row: PermitRow | undefined): PermitLife | undefined {
    const permit = factAt(row?.entry, 'action.permitted')?.permit
    if (row === undefined || permit === undefined) return undefined
    const end = factAt(row.endedEntry, 'action.finished')
    const finishedAt = row.endedEntry === null ? undefined : journal.at(row.endedEntry)?.at
    const gone = row.abandoned && ({ abandoned: true } as const)
    return { permit, outcome: end?.outcome, finishedAt, delivered: row.delivered, result: end?.result, ...gone }
  }

  function waiting(credential: string, digest: string): readonly PermitRow[] {
    const ids = world.undelivered.get(replayKey(searchable(credential), keys.digest(digest))) ?? []
    return ids.flatMap((id) => world.permits.get(id) ?? []).filter(isUndelivered)
  }

  /** The question it asked, or the one whose grant its permit spent. */
  const approvalIdOf = (action: string): string | undefined =>
    world.permits.get(lookups.permitOf(action) ?? '')?.approval ?? lookups.questionOf(action)

  function lifeOf(action: string): ActionLife | undefined {
    const decided = journal.at(world.actions.get(action)?.entry ?? -1)
    const record = factAt(decided?.index, 'action.decided')?.record
    if (decided === undefined || record === undefined) return undefined
    const row = world.permits.get(lookups.permitOf(action) ?? '')
    const { permit, outcome, finishedAt } = permitLife(row) ?? {}
    const approval = approvalOf(world.approvals.get(approvalIdOf(action) ?? ''))
    const permittedAt = journal.at(row?.entry ?? -1)?.at
    return {
      record,
      at: decided.at,
      ...(approval && { approval }),
      ...(permit && { permit }),
      ...(permittedAt !== undefined && { permittedAt }),
      ...(outcome && { outcome }),
      ...(finishedAt !== undefined && { finishedAt }),
    }
  }

  return {
    approvals: {
      get: async (id) => approvalOf(world.approvals.get(id)),
      latest: async (digest) => approvalOf(world.approvals.get(lookups.latest(keys.digest(digest)) ?? '')),
      async list({ states, agent, ...paging }) {
        const wanted = everyApproval()
          .filter((row) => states === undefined || states.includes(row.state))
          .filter((row) => agent === undefined || row.agent === agent)
        const { items, next } = pageOf(wanted, ({ askedEntry }) => [askedEntry, 0], paging)
        return { items: items.flatMap((row) => approvalOf(row) ?? []), next }
      },
      async due() {
        const now = clock.now()
        const due = everyApproval().filter(({ dueAt }) => dueAt !== null && dueAt <= now)
        return due.flatMap((row) => approvalOf(row) ?? []).slice(0, mostAtOnce)
      },
      async count({ agent, onBehalfOf = null }, since) {
        const mine = everyApproval().filter((row) => row.agent === agent && row.onBehalfOf === onBehalfOf)
        return {
          open: mine.filter(({ state }) => state === 'open').length,
          asked: mine.filter(({ askedAt }) => askedAt >= since).length,
        }
      },
      async unsettled() {
        const count = (wanted: string) => everyApproval().filter(({ state }) => state === wanted).length
        return { open: count('open'), granted: count('granted') }
      },
    },

    permits: {
      get: async (id) => permitLife(world.permits.get(id)),
      byAttempt: async (credential, id) =>
        permitLife(world.permits.get(world.attempts.get(keys.attempt(credential, id)) ?? '')),
      undelivered: async (credential, digest) =>
        permitLife(waiting(credential, digest).findLast(({ outcome }) => outcome !== null)),
      begun: async (credential, digest) =>
        permitLife(waiting(credential, digest).findLast(({ outcome }) => outcome === null)),
      async abandon(which) {
        for (const row of world.permits.values()) {
          const isGone = 'permit' in which ? row.id === which.permit : !which.notOf.includes(row.node)
          if (row.outcome === null && isGone) world.permits.set(row.id, { ...row, abandoned: true })
        }
      },
      async openEnded(digest) {
        const digestKey = keys.digest(digest)
        const open = [...world.permits.values()].filter((row) => row.digestKey === digestKey)
        return open
          .filter(({ outcome }) => outcome === null || isOpenEnded(outcome))
          .flatMap((row) => permitLife(row) ?? [])
          .at(-1)
      },
      unreported: async () => [...world.permits.values()].filter(({ outcome }) => outcome === 'unreported').length,
      async overdue() {
        const now = clock.now()
        const late = [...world.permits.values()].filter(({ outcome, deadline }) => outcome === null && deadline < now)
        return late.flatMap((row) => permitLife(row)?.permit ?? []).slice(0, mostAtOnce)
      },
    },

    agents: {
      get: async (id) => agentOf(world.agents.get(id)),
      byKey: async (hash) => agentOf([...world.agents.values()].find(({ keys: issued }) => issued.includes(hash))),
      list: async () => everyAgent(),
      answeredFor: async ({ id, groups }) =>
        everyAgent().filter(({ owner, team }) => owner === id || groups.includes(team)),
    },

    people: {
      get: async (id) => personOf(world.people.get(id)),
      byAccount: async (issuer, subject) =>
        personOf(world.people.get(world.accounts.get(keys.account(issuer, subject)) ?? '')),
      byLinked: async (provider, id) => personOf(world.people.get(world.accounts.get(keys.linked(provider, id)) ?? '')),
      list: async () => everyPerson(),
      async inGroups(groups, limit) {
        const members = everyPerson().filter((person) => person.groups.some((group) => groups.includes(group)))
        return members.toSorted((one, other) => (one.id < other.id ? -1 : 1)).slice(0, limit)
      },
    },

    tools: {
      get: async (id) => factAt(world.tools.get(id)?.entry, 'tool.changed')?.tool,
      async list(server) {
        const rows = [...world.tools.values()].filter((row) => server === undefined || row.server === server)
        const tools = rows.flatMap(({ entry }) => factAt(entry, 'tool.changed')?.tool ?? [])
        return tools.toSorted((one, other) => (one.id < other.id ? -1 : 1))
      },
    },

    actions: {
      async get(id) {
        const life = lifeOf(id)
        if (!life) return undefined
        const indexes = new Set([id, approvalIdOf(id) ?? ''].flatMap((one) => lookups.timeline(one)))
        const ordered = [...indexes].toSorted((one, other) => one - other)
        const all = ordered.flatMap((index) => journal.at(index) ?? [])
        const timeline = inSight(all)
        const leftOut = all.length - timeline.length
        return { life, timeline, ...(leftOut > 0 && { leftOut }) }
      },
      lives: async (ids) => ids.flatMap((id) => lifeOf(id) ?? []),
      async search({ limit, after, ...query }) {
        const wanted = [...world.actions.values()]
          .flatMap(({ id }) => lifeOf(id) ?? [])
          .filter((life) => matches(life, query))
        const paging = { after, ...(limit !== undefined && { limit }) }
        return pageOf(wanted, ({ record }) => [world.actions.get(record.id)?.entry ?? 0, 0], paging)
      },
      /** There is nothing to keep up: all that is recorded is found at once. */
      index: {
        async add(follower, page) {
          const last = page.at(-1)
          if (last !== undefined) await journal.moveCursor(follower, last.index + 1)
        },
        cursor: (follower, from) => journal.cursor(follower, from),
        moveCursor: (follower, index) => journal.moveCursor(follower, index),
      },
      seen: async (agent, operation) => world.agents.get(agent)?.erased !== true && lookups.seen(agent, operation),
    },
    lineage: createLineage(() =>
      [...world.actions.values()].flatMap(({ id, entry }) => {
        const life = lifeOf(id)
        const flows = life === undefined ? [] : flowsOf(life)
        return flows.map((flow, place) => ({ flow, entry, left: flows.length - place }))
      }),
    ),
  }
}

/** A flood of refused signatures hides neither what was asked nor what came of it. */
function inSight(entries: readonly Entry[]): Entry[] {
  const isRefused = ({ fact }: Entry) => (fact.kind === 'erased' ? fact.was : fact.kind) === 'signature.refused'
  const refused = entries.filter(isRefused).slice(-mostRefused)
  const others = entries.filter((entry) => !isRefused(entry)).slice(-longestTimeline)
  return [...others, ...refused].toSorted((one, other) => one.index - other.index)
}

function matches({ record, at, outcome, permit, approval }: ActionLife, query: ActionQuery): boolean {
  const { action, dataUse, decision } = record
  const people = [action.onBehalfOf, action.startedBy]
  const { reads = [], writes = [] } = outcome?.kind === 'done' ? outcome : {}
  const datasets = [...dataUse.reads, ...dataUse.writes, ...reads, ...writes].map(({ name }) => name)
  const is = (wanted: string | undefined, ...there: readonly (string | undefined)[]): boolean =>
    wanted === undefined || there.includes(wanted)
  const isOneOf = (wanted: readonly string[] | undefined, there: readonly (string | undefined)[]): boolean =>
    wanted === undefined || wanted.some((each) => there.includes(each))
  return (
    is(query.id, record.id) &&
    is(query.agent, action.agent) &&
    isOneOf(query.people, people) &&
    (query.concerns === undefined ||
      approval !== undefined ||
      people.includes(query.concerns.person) ||
      query.concerns.agents.includes(action.agent)) &&
    is(query.dataset, ...datasets) &&
    is(query.model, dataUse.model?.name) &&
    is(query.verb, action.verb) &&
    is(query.operation, action.operation) &&
    is(query.environment, action.environment) &&
    is(query.decision, decision.kind) &&
    is(query.outcome, outcome?.kind ?? (permit && 'running')) &&
    is(query.approval, approval?.id) &&
    is(query.question, approval?.state) &&
    isOneOf(
      query.signers,
      (approval?.signatures ?? []).map(({ person }) => person),
    ) &&
    record.risk.score >= (query.riskAtLeast ?? 0) &&
    (query.keywords ?? []).every((keyword) => keywordsOf(record).includes(keyword)) &&
    at >= (query.from ?? 0) &&
    at < (query.to ?? Number.POSITIVE_INFINITY)
  )
}
