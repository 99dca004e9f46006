/**
 * Agents as people and the command line keep them: registered, given a new key, changed, retired. What is said of an
 * agent has to exist: its owner, its team, its groups. An id is for good; everything else can be changed.
 *
 * @module
 */
import { CountersignError, isError, type Stops, type Store } from '@countersign/core'
import { type AgentChange, change, issueKey, register, type Registration, revoke, rotate } from '@countersign/identity'
import type { Actor, Agent, AgentKey } from '@countersign/schema'
import { telling } from '../http/problems.ts'

export interface RosterParts {
  readonly store: Pick<Store, 'clock' | 'commit' | 'agents' | 'people'>
  readonly stops: Pick<Stops, 'retire'>
  /** Groups that may sign, as the registry lists them; those of people who have signed in come on top. */
  groups(): readonly string[]
  /** Groups of agents that policies may name. */
  agentGroups(): readonly string[]
}

/** `owner` is a person's id. */
export type Enrolment = Omit<Registration, 'key'>

/** What is left out, or undefined, stays as it is. */
export type Wish = { readonly [Key in keyof AgentChange]: AgentChange[Key] | undefined }

export interface Issued {
  readonly agent: Agent
  /** Shown once, and forgotten. */
  readonly secret: string
}

export interface Roster {
  /** What an agent may be given, each sorted. */
  known(): Promise<{ readonly teams: string[]; readonly agentGroups: string[] }>
  /** @throws ERR_STORE_CONFLICT where the id is taken, ERR_PERSON_MISSING, ERR_GROUP_UNKNOWN, ERR_INPUT_INVALID */
  register(what: Enrolment, by: Actor, expiresInMs?: number): Promise<Issued>
  /** Who changes an agent cannot sign for it any more (P3). @throws as `register`; ERR_AGENT_MISSING, ERR_AGENT_RETIRED */
  change(id: string, what: Wish, by: Actor): Promise<Agent>
  /** The keys of before run out after `overlapMs`. @throws ERR_AGENT_MISSING, ERR_AGENT_RETIRED */
  rotate(id: string, by: Actor, how?: { expiresInMs?: number; overlapMs?: number }): Promise<Issued>
  /** @throws ERR_AGENT_MISSING, ERR_NOT_FOUND for a key that is not this agent's */
  revoke(id: string, key: string, by: Actor): Promise<Agent>
  /** Stopped for good, without a key; the id stays taken. @throws ERR_AGENT_MISSING */
  retire(id: string, by: Actor, because: string): Promise<Agent>
}

/** How long a key is good unless something else is said: a quarter of a year, then it is rotated. */
const keyForMs = 90 * 86_400_000
/** How long the keys of before stay good beside a new one, unless something else is said: time to hand it over. */
const overlapForMs = 86_400_000

export function createRoster({ store, stops, groups, agentGroups }: RosterParts): Roster {
  const { clock } = store

  return {
    known,

    async register(what, by, expiresInMs = keyForMs) {
      if (await store.agents.get(what.id))
        throw taken(what.id, 'is registered already. Its owner, team, groups and name can be changed')
      await refuseUnknown(what)
      const { key, secret } = issueKey(clock, { expiresInMs })
      const agent = register({ ...what, key }, by.id)
      try {
        return { agent: await keep('registered', agent, by), secret }
      } catch (error) {
        throw isError(error, 'ERR_STORE_CONFLICT') ? taken(what.id, 'was taken before, and is not free again') : error
      }
    },

    async change(id, wish, by) {
      const what: AgentChange = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined))
      const before = await existing(id)
      await refuseUnknown(what)
      return keep('changed', change(before, what, by.id), by)
    },

    async rotate(id, by, { expiresInMs = keyForMs, overlapMs = overlapForMs } = {}) {
      const before = await existing(id)
      const { key, secret }: { key: AgentKey; secret: string } = issueKey(clock, { expiresInMs })
      const agent = rotate(before, { key, overlapMs, now: clock.now() }, by.id)
      return { agent: await keep('key-issued', agent, by), secret }
    },

    async revoke(id, keyId, by) {
      const before = await existing(id)
      if (!before.keys.some((known) => known.id === keyId)) throw new CountersignError('ERR_NOT_FOUND')
      return keep('key-revoked', revoke(before, { keyId, now: clock.now() }, by.id), by)
    },

    retire: (id, by, because) => stops.retire(id, by, because),
  }

  async function existing(id: string): Promise<Agent> {
    const agent = await store.agents.get(id)
    if (!agent) throw new CountersignError('ERR_AGENT_MISSING', { id })
    return agent
  }

  async function keep(how: 'registered' | 'changed' | 'key-issued' | 'key-revoked', agent: Agent, by: Actor) {
    await store.commit({ facts: [{ kind: 'agent.changed', change: how, by, agent }] })
    return agent
  }

  async function refuseUnknown(what: AgentChange): Promise<void> {
    if (what.owner !== undefined && !(await store.people.get(what.owner))?.active) {
      throw telling(
        new CountersignError('ERR_PERSON_MISSING', { person: what.owner }),
        'The owner has to be a person whom Countersign knows.',
      )
    }
    const there = await known()
    const wanted = what.team === undefined ? [] : [what.team]
    refuseOthers('group', wanted, there.teams, 'The registry lists them.')
    refuseOthers('agent group', what.groups ?? [], there.agentGroups, '`agentGroups` in countersign.yaml lists them.')
  }

  async function known() {
    const ofPeople = (await store.people.list()).flatMap((person) => person.groups)
    return { teams: sorted([...groups(), ...ofPeople]), agentGroups: sorted(agentGroups()) }
  }
}

const taken = (id: string, why: string) =>
  telling(new CountersignError('ERR_STORE_CONFLICT', { agent: id }), `${id} ${why}; an id is for good.`)

/** Known groups that an error names, as many as are read at a glance; the rest is counted. */
const mostNamed = 20

/** A name that nobody knows is a typo: a team that never signs, a group that no policy names. */
function refuseOthers(kind: string, wanted: readonly string[], known: readonly string[], hint: string): void {
  const missing = wanted.filter((name) => !known.includes(name))
  if (missing.length === 0) return
  const more = known.length > mostNamed ? ` and ${known.length - mostNamed} more` : ''
  const there = known.length === 0 ? 'There is none yet.' : `There are: ${known.slice(0, mostNamed).join(', ')}${more}.`
  throw telling(
    new CountersignError('ERR_GROUP_UNKNOWN', { kind, missing }),
    `There is no ${kind} ${missing.join(', ')}. ${there} ${hint}`,
  )
}

const sorted = (names: readonly string[]) => [...new Set(names)].toSorted()
