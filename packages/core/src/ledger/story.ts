/**
 * What the leaves have to tell together, whoever wrote them: every life in order, nothing ran without a permit, nobody
 * signed their own. A verifier asks this of each leaf in turn; it sees no payload, only what everyone sees.
 *
 * @module
 */
import type { FactKind } from '@countersign/schema'
import type { Leaf } from './any-leaf.ts'

/** A clock may be set back by this much; a step further back is told. */
export const clockToleranceMs = 5_000

export interface Story {
  /** What is wrong with this leaf, given those before it. */
  tell(leaf: Leaf): readonly string[]
  /** What should have come and did not. */
  end(): string[]
}

/** Of whatever has a stream of its own, an action above all. */
interface Life {
  readonly stream: string
  /** Of its latest leaf that has one. */
  position: number
  /** Of an action: what was decided, and what lets it run. */
  decision: string | undefined
  permit: string | undefined
}

interface ApprovalLife {
  readonly requesters: readonly string[]
  readonly action: string | undefined
  state: string
  permit: string | undefined
}

interface PermitLife {
  readonly stream: string
  outcome: string | undefined
}

/** From `open` and `granted`; every other state is the last one. */
const changesFrom: Readonly<Record<string, readonly string[]>> = {
  open: ['signed', 'escalated', 'granted', 'rejected', 'expired', 'cancelled', 'voided'],
  granted: ['spent', 'expired', 'cancelled', 'voided'],
}

/** The first words of all types, and whether those that no rule here asks for are known: of actions and approvals each is. */
const plain = {
  action: false,
  approval: false,
  agent: true,
  person: true,
  policy: true,
  deployment: true,
  record: true,
  signature: true,
  tool: true,
} satisfies Readonly<Record<Family, boolean>>

type Family = FactKind extends `${infer First}.${string}` ? First : never

const nothing: readonly string[] = []

export function createStory(): Story {
  const lives = new Map<string, Life>()
  const questions = new Map<string, ApprovalLife>()
  const permits = new Map<string, PermitLife>()
  /** Who answers for an agent, from its own leaves: its owner, who registered it and who changed it last. */
  const keepers = new Map<string, readonly string[]>()
  let latest = 0

  return {
    tell(leaf) {
      const life = lives.get(leaf.stream) ?? begin(leaf.stream)
      return [...time(leaf), ...position(leaf, life), ...plot(leaf, life)]
    },
    end: () =>
      [...questions]
        .filter(([, { state, permit }]) => state === 'spent' && permit === undefined)
        .map(([id]) => `${id} was spent, but nothing was permitted under it`),
  }

  function begin(stream: string): Life {
    const life = { stream, position: 0, decision: undefined, permit: undefined }
    lives.set(stream, life)
    return life
  }

  function time({ time: at }: Leaf): readonly string[] {
    const back = latest - at
    latest = back > clockToleranceMs ? at : Math.max(latest, at)
    return back > clockToleranceMs ? [`is ${back} ms older than what came before it`] : nothing
  }

  function position({ stream, sseq, type }: Leaf, life: Life): readonly string[] {
    if (sseq === undefined) {
      return stream === 'system' || type === 'action.replayed' ? nothing : [`has no place in ${stream}`]
    }
    // An erased agent may be registered again under its id, and its life begins anew.
    const begins = type === 'agent.registered' && sseq === 1
    const expected = begins ? 1 : life.position + 1
    life.position = sseq
    return sseq === expected ? nothing : [`is number ${sseq} of ${stream}, where ${expected} is due`]
  }

  function plot(leaf: Leaf, life: Life): readonly string[] {
    switch (leaf.type) {
      case 'action.allowed':
        return [...decided(leaf, life), ...permitted(leaf, life)]
      case 'action.decided':
        return decided(leaf, life)
      case 'action.permitted':
        return permitted(leaf, life)
      case 'action.finished':
        return finished(leaf)
      case 'action.replayed':
        return permits.has(leaf.permit ?? '') ? nothing : ['hands out the outcome of a permit that is not here']
      case 'approval.asked':
        return asked(leaf)
    }
    const [family = ''] = leaf.type.split('.')
    if (family === 'approval') return changed(leaf)
    if (family === 'agent' && leaf.agent !== undefined) keepers.set(leaf.agent, leaf.delegation)
    return plain[family as Family] === true ? nothing : [`is of a type that is not known: ${leaf.type}`]
  }

  function asked(leaf: Leaf): readonly string[] {
    const id = leaf.approval ?? ''
    if (questions.has(id)) return [`asks ${id} again`]
    const requesters = [...leaf.requesters, ...leaf.delegation, ...(keepers.get(leaf.agent ?? '') ?? nothing)]
    questions.set(id, { requesters, action: leaf.cause, state: 'open', permit: undefined })
    return signers(leaf, requesters)
  }

  function changed(leaf: Leaf): readonly string[] {
    const question = questions.get(leaf.approval ?? '')
    if (!question) return [`changes ${leaf.approval}, which was never asked`]
    const change = leaf.type.slice('approval.'.length)
    const allowed = changesFrom[question.state]?.includes(change) === true
    const before = question.state
    if (change !== 'signed' && change !== 'escalated') question.state = change
    return [
      ...(allowed ? nothing : [`makes ${leaf.approval} ${change} when it was ${before}`]),
      ...signers(leaf, question.requesters),
    ]
  }

  /** Those whom this leaf names as requesters count as well as those that were there when it was asked. */
  function signers({ approval, signers: people, requesters }: Leaf, before: readonly string[]): readonly string[] {
    if (people.length === 0) return nothing
    const own = people.filter((person) => before.includes(person) || requesters.includes(person))
    return [
      ...own.map((person) => `has ${person} sign ${approval}, which is their own request`),
      ...(new Set(people).size < people.length ? [`counts a person twice for ${approval}`] : nothing),
    ]
  }

  function decided({ observed, decision = 'deny' }: Leaf, life: Life): readonly string[] {
    const isAgain = life.decision !== undefined
    life.decision = observed && decision === 'ask' ? 'observed' : decision
    return isAgain ? [`decides ${life.stream} again`] : nothing
  }

  function permitted(leaf: Leaf, life: Life): readonly string[] {
    const { stream, decision, permit: before } = life
    const { permit = '', approval } = leaf
    if (permits.has(permit)) return [`permits ${permit} again`]
    permits.set(permit, { stream, outcome: undefined })
    life.permit = permit
    return [
      ...(before === undefined ? nothing : [`permits ${stream} again, after ${before}`]),
      ...(decision === undefined ? [`permits ${stream}, which was never decided`] : nothing),
      ...(decision === 'deny' ? [`permits ${stream}, which was denied`] : nothing),
      ...(leaf.type === 'action.allowed' ? atOnce(life) : underApproval(leaf, approval)),
    ]
  }

  function atOnce({ stream, decision }: Life): readonly string[] {
    return decision === 'ask' ? [`permits ${stream} without the approval it needed`] : nothing
  }

  function underApproval({ permit, stream }: Leaf, id: string | undefined): readonly string[] {
    if (id === undefined) return [`permits ${stream} without the approval it needed`]
    const question = questions.get(id)
    if (!question) return [`permits under ${id}, which was never asked`]
    if (question.permit !== undefined) return [`permits under ${id} a second time`]
    question.permit = permit
    const granted = question.state === 'granted' || question.state === 'spent'
    return [
      ...(granted ? nothing : [`permits under ${id}, which was not granted but ${question.state}`]),
      ...(question.action === stream ? nothing : [`permits ${stream} under the approval of another action, ${id}`]),
    ]
  }

  function finished({ permit, stream, outcome }: Leaf): readonly string[] {
    const known = permits.get(permit ?? '')
    if (!known) return [`tells the outcome of ${permit}, which was never permitted`]
    const before = known.outcome
    known.outcome = outcome
    return [
      ...(known.stream === stream ? nothing : [`tells the outcome of a permit of another action`]),
      ...(before === undefined || before === 'unknown' ? nothing : [`tells a second outcome of ${permit}`]),
    ]
  }
}
