/**
 * What the leaves have to tell together, whoever wrote them: every life in order, nothing ran without leave, nobody
 * signed their own. A verifier asks this of each leaf in turn; it sees no payload, only what everyone sees.
 *
 * @module
 */
import type { Leaf } from './leaf.ts'

/** A clock may be set back by this much; a step further back is told. */
export const clockToleranceMs = 5_000

export interface Story {
  /** What is wrong with this leaf, given those before it. */
  tell(leaf: Leaf): string[]
  /** What should have come and did not. */
  end(): string[]
}

interface Question {
  readonly requesters: ReadonlySet<string>
  readonly action: string | undefined
  state: string
  permit: string | undefined
}

interface Leave {
  readonly stream: string
  outcome: string | undefined
}

/** From `open` and `granted`; every other state is the last one. */
const changesFrom: Readonly<Record<string, readonly string[]>> = {
  open: ['signed', 'escalated', 'granted', 'rejected', 'expired', 'cancelled', 'voided'],
  granted: ['spent', 'expired', 'cancelled', 'voided'],
}

/** Types without rules of their own. */
const plainTypes = ['person', 'policy', 'house', 'record', 'signature', 'tool']

export function createStory(): Story {
  const positions = new Map<string, number>()
  const decisions = new Map<string, string>()
  const questions = new Map<string, Question>()
  const leaves = new Map<string, Leave>()
  /** Who answers for an agent, from its own leaves: its owner, who registered it and who changed it last. */
  const keepers = new Map<string, readonly string[]>()
  let latest = 0

  return {
    tell: (leaf) => [...time(leaf), ...position(leaf), ...plot(leaf)],
    end: () =>
      [...questions]
        .filter(([, { state, permit }]) => state === 'spent' && permit === undefined)
        .map(([id]) => `${id} was spent, but nothing was permitted under it`),
  }

  function time({ time: at }: Leaf): string[] {
    const back = latest - at
    latest = back > clockToleranceMs ? at : Math.max(latest, at)
    return back > clockToleranceMs ? [`is ${back} ms older than what came before it`] : []
  }

  function position({ stream, sseq, type }: Leaf): string[] {
    if (sseq === undefined) {
      return stream === 'house' || type === 'action.replayed' ? [] : [`has no place in ${stream}`]
    }
    // An erased agent may be registered again under its id, and its life begins anew.
    const begins = type === 'agent.registered' && sseq === 1
    const expected = begins ? 1 : (positions.get(stream) ?? 0) + 1
    positions.set(stream, sseq)
    return sseq === expected ? [] : [`is number ${sseq} of ${stream}, where ${expected} is due`]
  }

  function plot(leaf: Leaf): string[] {
    const [family = ''] = leaf.type.split('.')
    switch (family) {
      case 'action':
        return action(leaf)
      case 'approval':
        return leaf.type === 'approval.asked' ? asked(leaf) : changed(leaf)
      case 'agent':
        if (leaf.agent !== undefined) keepers.set(leaf.agent, leaf.delegation)
        return []
      default:
        return plainTypes.includes(family) ? [] : [`is of a type that is not known: ${leaf.type}`]
    }
  }

  function action(leaf: Leaf): string[] {
    switch (leaf.type) {
      case 'action.decided':
        decisions.set(leaf.stream, leaf.observed ? 'observed' : (leaf.decision ?? 'deny'))
        return []
      case 'action.permitted':
        return permitted(leaf)
      case 'action.finished':
        return finished(leaf)
      case 'action.replayed':
        return leaves.has(leaf.permit ?? '') ? [] : ['hands out the outcome of a permit that is not here']
      default:
        return [`is of a type that is not known: ${leaf.type}`]
    }
  }

  function asked(leaf: Leaf): string[] {
    const id = leaf.approval ?? ''
    if (questions.has(id)) return [`asks ${id} again`]
    const requesters = new Set([...leaf.requesters, ...leaf.delegation, ...(keepers.get(leaf.agent ?? '') ?? [])])
    questions.set(id, { requesters, action: leaf.cause, state: 'open', permit: undefined })
    return signers(leaf, requesters)
  }

  function changed(leaf: Leaf): string[] {
    const question = questions.get(leaf.approval ?? '')
    if (!question) return [`changes ${leaf.approval}, which was never asked`]
    const change = leaf.type.slice('approval.'.length)
    const allowed = changesFrom[question.state]?.includes(change) === true
    const before = question.state
    if (change !== 'signed' && change !== 'escalated') question.state = change
    return [
      ...(allowed ? [] : [`makes ${leaf.approval} ${change} when it was ${before}`]),
      ...signers(leaf, new Set([...question.requesters, ...leaf.requesters])),
    ]
  }

  function signers({ approval, signers: people }: Leaf, requesters: ReadonlySet<string>): string[] {
    const own = people.filter((person) => requesters.has(person))
    return [
      ...own.map((person) => `has ${person} sign ${approval}, which is their own request`),
      ...(new Set(people).size < people.length ? [`counts a person twice for ${approval}`] : []),
    ]
  }

  function permitted(leaf: Leaf): string[] {
    const { permit = '', stream } = leaf
    if (leaves.has(permit)) return [`permits ${permit} again`]
    leaves.set(permit, { stream, outcome: undefined })
    const decision = decisions.get(stream)
    if (decision === undefined) return [`permits ${stream}, which was never decided`]
    if (leaf.approval !== undefined) return underApproval(leaf, leaf.approval)
    if (decision === 'ask') return [`permits ${stream} without the approval it needed`]
    return decision === 'deny' ? [`permits ${stream}, which was denied`] : []
  }

  function underApproval({ permit, stream }: Leaf, id: string): string[] {
    const question = questions.get(id)
    if (!question) return [`permits under ${id}, which was never asked`]
    if (question.permit !== undefined) return [`permits under ${id} a second time`]
    question.permit = permit
    const granted = question.state === 'granted' || question.state === 'spent'
    return [
      ...(granted ? [] : [`permits under ${id}, which was not granted but ${question.state}`]),
      ...(question.action === stream ? [] : [`permits ${stream} under the approval of another action, ${id}`]),
    ]
  }

  function finished({ permit, stream, outcome }: Leaf): string[] {
    const leave = leaves.get(permit ?? '')
    if (!leave) return [`tells the outcome of ${permit}, which was never permitted`]
    const before = leave.outcome
    leave.outcome = outcome
    return [
      ...(leave.stream === stream ? [] : [`tells the outcome of a permit of another action`]),
      ...(before === undefined || before === 'unknown' ? [] : [`tells a second outcome of ${permit}`]),
    ]
  }
}
