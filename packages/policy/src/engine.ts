/**
 * The policies in force: loaded, and exchanged only for a set that passed every check.
 *
 * @module
 */
import { type Clock, CountersignError, isError, type PolicyEngine, type PolicyNote } from '@countersign/core'
import type { Registry } from '@countersign/schema'
import type { Cedar } from './cedar.ts'
import { type Candidate, compile } from './compile.ts'
import type { PolicyFile, Problem } from './problem.ts'
import { type CedarPolicySet, createPolicySet } from './set.ts'

/**
 * What is checked. A function is asked again at every reload; where it throws ERR_POLICY_INVALID, the problems of its detail
 * are told.
 */
export interface PolicySource {
  readonly files: readonly PolicyFile[] | (() => Promise<readonly PolicyFile[]>)
  readonly registry: Registry | (() => Registry)
  /** Agent groups that policies may name. */
  readonly agentGroups: readonly string[] | (() => readonly string[])
}

export interface PolicyParts extends PolicySource {
  readonly clock?: Clock
  readonly open?: () => Cedar
}

export type Reload =
  | { readonly kind: 'active'; readonly version: string; readonly changed: boolean }
  /** The old set stays in force. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

export interface CedarEngine extends PolicyEngine {
  active(): CedarPolicySet
}

export interface Policies {
  readonly engine: CedarEngine
  /**
   * Concurrent calls take turns. `activate` is called with what has passed and is loaded, if it is another; unless that
   * rejects, it is in force then.
   */
  reload(activate?: (next: CedarPolicySet) => Promise<void>): Promise<Reload>
  /** Once it has, the engine decides; until then every evaluation is an error. */
  load(): Promise<void>
  close(): void
}

/** @throws ERR_POLICY_INVALID with every problem as its detail, if the first set does not pass */
export async function createPolicyEngine(parts: PolicyParts): Promise<Policies> {
  const policies = await preparePolicies(parts)
  await policies.load()
  return policies
}

/** Checks like `createPolicyEngine`, and leaves it to its caller to `load`: who only looks need not wait for that. */
export async function preparePolicies(parts: PolicyParts): Promise<Policies> {
  const { clock = { now: Date.now } } = parts
  const first = await check(parts)
  if (first.kind === 'refused') throw new CountersignError('ERR_POLICY_INVALID', { problems: first.problems })

  let active = setOf(first)
  let turn: Promise<unknown> = Promise.resolve()
  let closed = false

  const reload: Policies['reload'] = (activate = async () => undefined) => {
    const next = turn.then(() => exchange(activate))
    turn = next.catch(() => undefined)
    return next
  }

  return {
    engine: { active: () => active },
    reload,
    load: () => active.load(),
    close() {
      closed = true
    },
  }

  async function exchange(activate: (next: CedarPolicySet) => Promise<void>): Promise<Reload> {
    const checked = await check(parts)
    if (checked.kind === 'refused') return checked
    const { version } = checked.candidate
    if (version === active.version || closed) return { kind: 'active', version: active.version, changed: false }
    const next = setOf(checked)
    try {
      await next.load()
    } catch (error) {
      return { kind: 'refused', problems: [unlocated(`could not be loaded (${String(error)})`)] }
    }
    await activate(next)
    active = next
    return { kind: 'active', version, changed: true }
  }

  function setOf({ candidate, registry }: Extract<Checked, { kind: 'passed' }>): CedarPolicySet {
    return createPolicySet(candidate, { registry, clock, ...(parts.open && { open: parts.open }) })
  }
}

export interface CheckReport {
  readonly ok: boolean
  readonly problems: readonly Problem[]
  readonly version: string | undefined
  readonly policies: readonly PolicyNote[]
}

/** Everything that loading would check, without loading. */
export async function checkPolicies(source: PolicySource): Promise<CheckReport> {
  const checked = await check(source)
  if (checked.kind === 'refused') return { ok: false, problems: checked.problems, version: undefined, policies: [] }
  const { version, notes } = checked.candidate
  return { ok: true, problems: [], version, policies: notes }
}

type Checked =
  | { readonly kind: 'passed'; readonly candidate: Candidate; readonly registry: Registry }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

async function check(source: PolicySource): Promise<Checked> {
  try {
    const registry = typeof source.registry === 'function' ? source.registry() : source.registry
    const files = typeof source.files === 'function' ? await source.files() : source.files
    const compiled = await compile(files, { registry, agentGroups: agentGroupsOf(source, registry) })
    return compiled.kind === 'refused' ? compiled : { kind: 'passed', candidate: compiled.candidate, registry }
  } catch (error) {
    const told = isError(error, 'ERR_POLICY_INVALID') ? (error.detail as { problems: Problem[] }).problems : undefined
    return { kind: 'refused', problems: told ?? [unlocated(`the policies could not be read (${String(error)})`)] }
  }
}

/** Those of the configuration, and those that the registry lists. */
export const agentGroupsOf = ({ agentGroups }: Pick<PolicySource, 'agentGroups'>, registry: Registry) => [
  ...(typeof agentGroups === 'function' ? agentGroups() : agentGroups),
  ...registry.agentGroups,
]

const unlocated = (says: string): Problem => ({ file: '', line: 1, column: 1, policy: undefined, says })
