/**
 * The ways to look. What is handed out is a copy: nobody changes the store but by a commit.
 *
 * @module
 */
import type { ActionQuery, Clock, Store } from '@countersign/core'
import type { ActionLife, Approval, Entry } from '@countersign/schema'
import type { MemoryJournal } from './journal.ts'
import { pageOf } from './paging.ts'
import { begun, lifeOf, lifeOfPermit, openEnded, type State, timelineOf, undelivered, wordOf } from './state.ts'

type Reads = Pick<Store, 'approvals' | 'permits' | 'agents' | 'people' | 'tools' | 'actions'>

/** Expired questions or runs handed over at once, so that one poll stays short; the others are there at the next. */
const mostAtOnce = 100
/** Entries of one action's life that are shown; of a longer one the newest, and how many were left out. */
const longestTimeline = 2_000
/** Of those, refused signatures, so that nobody's refusals push the rest out; the newest. */
const mostRefused = 20

export function createReads(state: State, journal: MemoryJournal, clock: Clock): Reads {
  return {
    approvals: {
      get: async (id) => copy(state.approvals.get(id)?.approval),
      latest: async (digest) => copy(state.approvals.get(state.latest.get(digest) ?? '')?.approval),
      async list({ states, agent, ...paging }) {
        const wanted = state.approvals
          .all()
          .filter(({ approval }) => states === undefined || states.includes(approval.state))
          .filter(({ approval }) => agent === undefined || approval.card.bound.action.agent === agent)
        const { items, next } = pageOf(wanted, ({ index }) => [index, 0], paging)
        return copy({ items: items.map(({ approval }) => approval), next })
      },
      async due() {
        const now = clock.now()
        const approvals = state.approvals.all().map(({ approval }) => approval)
        return copy(approvals.filter((approval) => isDue(approval, now)).slice(0, mostAtOnce))
      },
      async count(who, since) {
        const mine = state.approvals
          .all()
          .map(({ approval }) => approval)
          .filter(({ card }) => card.bound.action.agent === who.agent)
          .filter(({ card }) => card.bound.action.onBehalfOf === who.onBehalfOf)
        return {
          open: mine.filter((approval) => approval.state === 'open').length,
          asked: mine.filter((approval) => approval.askedAt >= since).length,
        }
      },
      async unsettled() {
        const states = state.approvals.all().map(({ approval }) => approval.state)
        const count = (wanted: string) => states.filter((each) => each === wanted).length
        return { open: count('open'), granted: count('granted') }
      },
    },

    permits: {
      get: async (id) => copy(lifeOfPermit(state, id)),
      byAttempt: async (credential, id) => copy(lifeOfPermit(state, state.attempts.get(wordOf(credential, id)) ?? '')),
      undelivered: async (credential, digest) => copy(undelivered(state, credential, digest)),
      begun: async (credential, digest) => copy(begun(state, credential, digest)),
      async abandon(which) {
        const open = state.permits.all().filter(({ outcome }) => !outcome)
        const gone = open.filter(({ permit: { id, node } }) =>
          'permit' in which ? id === which.permit : !which.notOf.includes(node),
        )
        for (const { permit } of gone) state.abandoned.set(permit.id, true)
      },
      openEnded: async (digest) => copy(openEnded(state, digest)),
      async overdue() {
        const now = clock.now()
        const late = state.permits.all().filter(({ permit, outcome }) => !outcome && permit.deadline < now)
        return copy(late.slice(0, mostAtOnce).map(({ permit }) => permit))
      },
    },

    agents: {
      get: async (id) => copy(state.agents.get(id)),
      async byKey(hash) {
        const agent = state.agents.get(state.keys.get(hash) ?? '')
        return agent?.keys.some((key) => key.hash === hash) ? copy(agent) : undefined
      },
      list: async () => copy(state.agents.all()),
      answeredFor: async ({ id, groups }) =>
        copy(state.agents.all().filter(({ owner, team }) => owner === id || groups.includes(team))),
    },

    people: {
      get: async (id) => copy(state.people.get(id)),
      byAccount: async (issuer, subject) => copy(state.people.get(state.accounts.get(wordOf(issuer, subject)) ?? '')),
      list: async () => copy(state.people.all()),
      async inGroups(groups, limit) {
        const members = state.people.all().filter((person) => person.groups.some((group) => groups.includes(group)))
        return copy(members.toSorted((one, other) => (one.id < other.id ? -1 : 1)).slice(0, limit))
      },
    },

    tools: {
      get: async (id) => copy(state.tools.get(id)),
      async list(server) {
        const wanted = state.tools.all().filter((tool) => server === undefined || tool.server === server)
        return copy(wanted.toSorted((one, other) => (one.id < other.id ? -1 : 1)))
      },
    },

    actions: {
      async get(id) {
        const action = state.actions.get(id)
        if (!action) return undefined
        const all = timelineOf(state, action).flatMap((index) => journal.at(index) ?? [])
        const timeline = inSight(all)
        const leftOut = all.length - timeline.length
        return { life: copy(lifeOf(state, action)), timeline, ...(leftOut > 0 && { leftOut }) }
      },
      async lives(ids) {
        const found = ids.flatMap((id) => state.actions.get(id) ?? [])
        return copy(found.map((action) => lifeOf(state, action)))
      },
      async search({ limit, after, ...query }) {
        const wanted = state.actions
          .all()
          .map((action) => ({ life: lifeOf(state, action), index: action.index }))
          .filter(({ life }) => matches(life, state.keywords.get(life.record.id), query))
        const paging = { after, ...(limit !== undefined && { limit }) }
        const { items, next } = pageOf(wanted, ({ index }) => [index, 0], paging)
        return copy({ items: items.map(({ life }) => life), next })
      },
      async addKeywords(found) {
        for (const { action, keywords } of found) {
          const known = state.keywords.get(action) ?? []
          if (state.actions.get(action)) state.keywords.set(action, new Set([...known, ...keywords]))
        }
      },
      seen: async (agent, operation) => state.seen.get(wordOf(agent, operation)) === true,
    },
  }
}

const copy = <Value>(value: Value): Value => structuredClone(value)

/** A flood of refused signatures hides neither what was asked nor what came of it. */
function inSight(entries: readonly Entry[]): Entry[] {
  const isRefused = ({ fact }: Entry) => (fact.kind === 'erased' ? fact.was : fact.kind) === 'signature.refused'
  const refused = entries.filter(isRefused).slice(-mostRefused)
  const others = entries.filter((entry) => !isRefused(entry)).slice(-longestTimeline)
  return [...others, ...refused].toSorted((one, other) => one.index - other.index)
}

function isDue(approval: Approval, now: number): boolean {
  if (approval.state === 'granted') return approval.validUntil <= now
  if (approval.state !== 'open') return false
  return approval.expiresAt <= now || (approval.escalateAt ?? Number.POSITIVE_INFINITY) <= now
}

function matches(
  { record, at, outcome, permit, approval }: ActionLife,
  keywords: ReadonlySet<string> | undefined,
  query: ActionQuery,
): boolean {
  const { action, picture, decision } = record
  const people = [action.onBehalfOf, action.startedBy]
  const datasets = [...picture.reads, ...picture.writes].map(({ name }) => name)
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
    is(query.model, picture.model?.name) &&
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
    (query.keywords ?? []).every((keyword) => keywords?.has(keyword)) &&
    at >= (query.from ?? 0) &&
    at < (query.to ?? Number.POSITIVE_INFINITY)
  )
}
