/**
 * One loaded version of the policies, in a Cedar of its own.
 *
 * @module
 */
import type { AuthorizationAnswer } from '@cedar-policy/cedar-wasm/nodejs'
import type { Clock, Evaluation, PolicyNote, PolicyQuestion, PolicySet, Prospect } from '@countersign/core'
import type { Registry } from '@countersign/schema'
import { actionFor, changeFor } from './actions.ts'
import { type Cedar, isPoison, openCedar } from './cedar.ts'
import { type Candidate, policySetOf } from './compile.ts'
import { createMemory } from './memory.ts'
import { couldAllow, type Kind, type Reach, reachOf } from './prospect.ts'
import { type CedarQuestion, cedarQuestion } from './question.ts'
import { forUnknown } from './unknown.ts'

export interface CedarPolicySet extends PolicySet {
  readonly registry: Registry
  /** What holds for a kind of action, whoever asks. `changes`: it changes something, or may. */
  reach(kind: Kind, changes: boolean): Reach
  /** The same policies but these. Slow (it parses on each call): for explanations, never for decisions. */
  without(ids: readonly string[]): PolicySet
  /** Has Cedar read it, once. Until then every evaluation is an error. */
  load(): Promise<void>
}

export interface LoadParts {
  readonly registry: Registry
  readonly clock: Clock
  readonly open?: () => Cedar
}

type Which = 'auto' | 'approvable'
/** Whether anybody can name what it is done to. */
type Scope = 'known' | 'unknown'

/** How long the answer to one and the same question is remembered: the same is asked some times in a row. */
const keepMs = 5000
/** Answers remembered at once, so that memory stays bounded; the oldest is forgotten and worked out anew. */
const keepAnswers = 5000
/** What a set says of a prospect it says for good. */
const forGood = Number.POSITIVE_INFINITY

export async function loadPolicySet(candidate: Candidate, parts: LoadParts): Promise<CedarPolicySet> {
  const set = createPolicySet(candidate, parts)
  await set.load()
  return set
}

/** What it holds can be looked at; what decides is not loaded yet. */
export function createPolicySet(
  candidate: Candidate,
  { registry, clock, open = openCedar }: LoadParts,
): CedarPolicySet {
  const { version, schema, tree, notes, sources, read: jsons, slices } = candidate
  const byId = new Map(notes.map((note) => [note.id, note]))
  const memory = createMemory<Evaluation>(clock, keepMs, keepAnswers)
  const prospects = createMemory<boolean>(clock, forGood, keepAnswers)
  const others = forUnknown(jsons)
  const { slots, filled } = slotsOf(candidate, others)
  let cedar: Cedar | undefined
  let loading: Promise<void> | undefined

  return {
    version,
    registry,
    policies: notes,
    policy: (id) => byId.get(id),
    evaluate: (which, question) =>
      failClosed(() => {
        const asked = cedarQuestion(question, registry, tree)
        const key = JSON.stringify([which, asked])
        const known = memory.get(key)
        if (known) return known

        const answer = ask(which, asked, scopeOf(question))
        if (answer.kind !== 'error') memory.keep(key, answer)
        return answer
      }),
    couldAllow(prospect) {
      const key = JSON.stringify(prospect)
      const said = prospects.get(key) ?? foresee(prospect, [])
      prospects.keep(key, said)
      return said
    },
    reach(kind, changes) {
      const asked = [actionFor(tree, kind.verb, kind.operation ?? '')]
      if (changes) asked.push(changeFor(tree, kind.verb))
      const [usual, changing = usual] = asked.map((action) =>
        reachOf(policiesFor(action, kind.resource?.kind === 'unknown'), { ...kind, action }, registry, tree),
      )
      return {
        allowances: usual?.allowances ?? [],
        prohibitions: unique([...(usual?.prohibitions ?? []), ...(changing?.prohibitions ?? [])]),
        signOffs: unique([...(usual?.signOffs ?? []), ...(changing?.signOffs ?? [])]),
      }
    },
    load: () => (loading ??= start()),
    without(ids) {
      const kept = (which: Which, action: string) =>
        (slices.get(action) ?? []).filter((note) => !ids.includes(note.id) && belongs(note, which))
      return {
        couldAllow: (prospect) => foresee(prospect, ids),
        version: `${version} without ${ids.join(', ')}`,
        policies: notes.filter(({ id }) => !ids.includes(id)),
        policy: (id) => (ids.includes(id) ? undefined : byId.get(id)),
        evaluate: (which, question) =>
          failClosed(() => {
            const asked = cedarQuestion(question, registry, tree)
            const instead = scopeOf(question) === 'unknown' ? others : undefined
            const policies = policySetOf(kept(which, idOf(asked.action)), sources, instead)
            return read(guarded((instance) => instance.isAuthorized({ ...asked, schema, policies })))
          }),
      }
    },
  }

  function foresee(prospect: Prospect, without: readonly string[]): boolean {
    const policies = policiesFor(actionFor(tree, prospect.verb, prospect.operation), false)
    const kept = policies.filter(({ id }) => !without.includes(id))
    return couldAllow(kept, prospect, registry, tree)
  }

  function policiesFor(action: string, unknown: boolean) {
    return (slices.get(action) ?? []).flatMap(({ id, kind }) => {
      const json = (unknown ? others.get(id) : undefined) ?? jsons.get(id)
      return json ? [{ id, kind, json }] : []
    })
  }

  function ask(which: Which, asked: CedarQuestion, scope: Scope): Evaluation {
    const preparsedPolicySetId = slots.get(keyOf(which, scope, idOf(asked.action))) ?? 'none'
    const preparsedSchemaName = schemaSlot
    return read(guarded((now) => now.statefulIsAuthorized({ ...asked, preparsedPolicySetId, preparsedSchemaName })))
  }

  function guarded(call: (instance: Cedar) => AuthorizationAnswer): AuthorizationAnswer {
    if (!cedar) throw new Error('Cedar is being started')
    try {
      return call(cedar)
    } catch (error) {
      if (isPoison(error)) restart()
      throw error
    }
  }

  /** A broken instance is never asked again; until the next one is ready, every answer is an error. */
  function restart(): void {
    cedar = undefined
    start().catch(() => undefined) // stays closed: what loaded once and does not load now is not to be trusted
  }

  async function start(): Promise<void> {
    cedar = await load(candidate, filled, open)
  }
}

const schemaSlot = 'countersign'
const keyOf = (which: Which, scope: Scope, action: string) => `${which} ${scope} ${action}`
const belongs = (note: PolicyNote, which: Which) => which === 'auto' || note.kind !== 'sign-off'

interface Slots {
  /** The slot in which a question is decided. */
  readonly slots: ReadonlyMap<string, string>
  readonly filled: ReadonlyMap<string, ReturnType<typeof policySetOf>>
}

/** Questions that the same policies can matter to share a slot: filling one costs a parse of all its policies. */
function slotsOf({ slices, sources }: Candidate, others: ReturnType<typeof forUnknown>): Slots {
  const slots = new Map<string, string>()
  const filled: Map<string, ReturnType<typeof policySetOf>> = new Map()
  const byContent = new Map<string, string>()
  for (const [action, notes] of slices) {
    for (const which of ['auto', 'approvable'] as const) {
      const slice = notes.filter((note) => belongs(note, which))
      for (const scope of ['known', 'unknown'] as const) {
        const isOther = scope === 'unknown' && slice.some(({ id }) => others.has(id))
        const content = JSON.stringify([isOther, ...slice.map(({ id }) => id)])
        const slot = byContent.get(content) ?? keyOf(which, scope, action)
        byContent.set(content, slot)
        slots.set(keyOf(which, scope, action), slot)
        if (slot === keyOf(which, scope, action))
          filled.set(slot, policySetOf(slice, sources, isOther ? others : undefined))
      }
    }
  }
  return { slots, filled }
}

/** Lets others work between two slots: a large set takes some hundred milliseconds. */
async function load({ schema }: Candidate, filled: Slots['filled'], open: () => Cedar): Promise<Cedar> {
  const cedar = open()
  succeed(cedar.preparseSchema(schemaSlot, schema))
  for (const [slot, policies] of filled) {
    succeed(cedar.preparsePolicySet(slot, policies))
    await new Promise(setImmediate)
  }
  return cedar
}

function succeed(answer: ReturnType<Cedar['preparseSchema']>): void {
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message ?? 'Cedar refused to load')
}

/**
 * Cedar itself skips a policy that errs, so that an erring forbid would let the action through. Here one error, of
 * whatever policy, makes the whole answer an error.
 */
function read(answer: AuthorizationAnswer): Evaluation {
  if (answer.type === 'failure') return says(answer.errors[0]?.message)
  const { decision, diagnostics } = answer.response
  const [error] = diagnostics.errors
  if (error) return says(`${error.policyId}: ${error.error.message}`)
  return { kind: decision === 'allow' ? 'allow' : 'deny', by: diagnostics.reason.toSorted() }
}

function failClosed(evaluate: () => Evaluation): Evaluation {
  try {
    return evaluate()
  } catch (error) {
    return says(error instanceof Error ? error.message : 'Cedar broke')
  }
}

const says = (message = 'Cedar failed'): Evaluation => ({ kind: 'error', says: message.slice(0, 300) })

const unique = (ids: readonly string[]): string[] => [...new Set(ids)]

const scopeOf = ({ resource }: PolicyQuestion): Scope => (resource.kind === 'unknown' ? 'unknown' : 'known')

const idOf = (uid: CedarQuestion['action']): string => ('__entity' in uid ? uid.__entity.id : uid.id)
