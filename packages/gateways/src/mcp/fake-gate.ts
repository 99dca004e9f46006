/**
 * For tests: a gate small enough to see through.
 *
 * @module
 */
import {
  type EnforcingAttempt,
  digestOf,
  type Gate,
  type Permit,
  type ApprovalStatus,
  type Ran,
  type Signal,
  startPatience,
} from '@countersign/core'
import type { Obligation, Refusal } from '@countersign/schema'

export type Verdict = 'allow' | 'ask' | Refusal

interface ApprovalLife {
  readonly id: string
  state: ApprovalStatus['state']
}

export interface FakeGate extends Gate {
  verdict: Verdict
  obligations: readonly Obligation[]
  readonly attempts: EnforcingAttempt[]
  readonly runs: Ran[]
  /** Takes back the permit of every run; the reason is a text. */
  revoke: AbortController
  readonly questions: Map<string, ApprovalLife>
  settle(state: ApprovalLife['state'], which?: number): void
  /** Resolves when that many attempts are held. */
  held(count: number): Promise<void>
  until(condition: () => boolean, signal?: Signal): Promise<void>
}

export const waiting = { groups: ['keepers'], expiresAt: 4_000_000_000_000 }

/** One question per digest; a grant is spent once; what was not delivered is replayed. */
export function createFakeGate(): FakeGate {
  const watchers = new Set<() => void>()
  const undelivered = new Map<string, Ran>()
  let holding = 0

  const stir = () => [...watchers].forEach((watcher) => watcher())

  function until(condition: () => boolean, signal?: Signal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition() && !signal?.aborted) return
        watchers.delete(look)
        resolve()
      }
      watchers.add(look)
      signal?.addEventListener('abort', look)
      look()
    })
  }

  async function run(attempt: EnforcingAttempt, digest: string): Promise<void> {
    const action = { ...structuredClone(attempt.action), tenant: 'default', agent: attempt.caller.agent.id }
    const { obligations, revoke } = gate
    const revoked = revoke.signal
    const permit = { id: 'prm_1', actionId: 'act_1', action, obligations, measures: {}, revoked, begin() {} }
    const ran = await attempt.run(permit as unknown as Permit)
    gate.runs.push(ran)
    if (!ran.delivered) undelivered.set(digest, ran)
    stir()
  }

  const gate: FakeGate = {
    verdict: 'allow',
    obligations: [],
    attempts: [],
    runs: [],
    revoke: new AbortController(),
    questions: new Map(),
    async report() {},
    async pass(attempt: EnforcingAttempt) {
      gate.attempts.push(attempt)
      const digest = digestOf(attempt.action)
      const earlier = undelivered.get(digest)
      if (earlier?.result) {
        undelivered.delete(digest)
        return attempt.replay(earlier.result, earlier.outcome)
      }
      if (typeof gate.verdict === 'object') return attempt.refuse(gate.verdict)
      if (gate.verdict === 'allow') return run(attempt, digest)

      const question = gate.questions.get(digest) ?? { id: `apr_${gate.questions.size + 1}`, state: 'open' as const }
      gate.questions.set(digest, question)
      const refusal = {
        kind: 'waiting' as const,
        approval: question.id,
        url: `http://countersign/approvals/${question.id}`,
        ...waiting,
      }
      attempt.held?.(refusal)
      holding += 1
      stir()
      const { signal: patience } = startPatience(attempt)
      await until(() => question.state !== 'open', patience)
      holding -= 1
      stir()
      if (question.state === 'open' || attempt.signal.aborted) return attempt.refuse(refusal)
      if (question.state !== 'granted')
        return attempt.refuse({ kind: 'rejected', approval: question.id, reason: 'too much', by: 'per_1' })
      question.state = 'spent'
      gate.questions.delete(digest)
      return run(attempt, digest)
    },
    settle(state, which = 0) {
      const question = [...gate.questions.values()][which]
      if (!question) throw new Error('no such question')
      question.state = state
      stir()
    },
    held: (count) => until(() => holding === count),
    until,
  }
  return gate
}
