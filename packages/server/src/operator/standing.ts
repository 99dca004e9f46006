/**
 * Whether this instance can do its work, for `countersign status` and `doctor`: what is wrong now, and whether the
 * people and agents that its policies count on are there.
 *
 * @module
 */
import type { Concern, PolicyNote, PolicySet, Store } from '@countersign/core'
import { type GroupRoles, inOffice } from '@countersign/identity'
import type { Person } from '@countersign/schema'
import type { PoliciesState } from '../in-force.ts'

export interface StandingParts {
  readonly store: Pick<Store, 'people' | 'agents' | 'approvals' | 'ledger'>
  readonly active: () => PolicySet
  readonly policies: () => PoliciesState
  readonly concerns: () => readonly Concern[]
  /** By gateway and name. */
  readonly gateways: readonly { readonly gateway: string; readonly name: string; readonly observes: boolean }[]
  readonly groupRoles: GroupRoles
  /** A provider is configured. */
  readonly provider: boolean
  readonly version: string
}

export interface Standing {
  readonly version: string
  readonly entries: number
  readonly provider: boolean
  readonly gateways: StandingParts['gateways']
  readonly policies: PoliciesState & { readonly count: number }
  readonly concerns: readonly Concern[]
  readonly openQuestions: number
  /** People who have signed in and not left. */
  readonly people: number
  readonly administrators: number
  readonly agents: { readonly active: number; readonly stopped: number }
  /** Sign-offs that too few people could ever serve, as far as people have signed in. */
  readonly unserved: readonly Unserved[]
}

export interface Unserved {
  readonly policy: string
  readonly groups: readonly string[]
  readonly quorum: number
  /** How many could approve. */
  readonly people: number
}

export async function standingOf(parts: StandingParts): Promise<Standing> {
  const { store, active, policies, concerns, gateways, groupRoles, provider, version } = parts
  const [everyone, agents, { size }, { open }] = await Promise.all([
    store.people.list(),
    store.agents.list(),
    store.ledger.head(),
    store.approvals.unsettled(),
  ])
  const people = everyone.filter((person) => person.active)
  const set = active()
  const teams = [...new Set(agents.filter(({ status }) => status === 'active').map(({ team }) => team))]
  return {
    version,
    entries: size,
    provider,
    gateways: gateways.map(({ gateway, name, observes }) => ({ gateway, name, observes })),
    policies: { ...policies(), count: set.policies.length },
    concerns: concerns(),
    openQuestions: open,
    people: people.length,
    administrators: people.filter((person) => inOffice(person, groupRoles).roles.length > 0).length,
    agents: {
      active: agents.filter(({ status }) => status === 'active').length,
      stopped: agents.filter(({ status }) => status !== 'active').length,
    },
    unserved: set.policies.flatMap((note) => unserved(note, people, teams)),
  }
}

/** A sign-off that asks an agent's team asks each team there is. */
function unserved({ id, signOff }: PolicyNote, people: readonly Person[], teams: readonly string[]): Unserved[] {
  if (!signOff) return []
  const { quorum, from, escalate } = signOff
  const named = [...new Set([...from, ...(escalate ? [escalate.to] : [])])]
  const asked = named.includes('agent-team')
    ? teams.map((team) => named.map((group) => (group === 'agent-team' ? team : group)))
    : [named]
  return asked.flatMap((groups) => {
    const could = people.filter((person) => person.groups.some((group) => groups.includes(group))).length
    return could < quorum ? [{ policy: id, groups, quorum, people: could }] : []
  })
}
