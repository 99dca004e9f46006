/**
 * What the policies say of an action: allow, ask or deny.
 *
 *   AUTO (all policies) allows                         ─▶ allow
 *   a prohibition matched                              ─▶ deny prohibited
 *   only sign-offs block, APPROVABLE (the rest) allows ─▶ ask, with every matched sign-off
 *   anything else, and anything odd                    ─▶ deny
 *
 * @module
 */
import type { Decision, DenyReason, Obligation, SignOff } from '@countersign/schema'
import { canonical } from '../action/canonical.ts'
import type { Evaluation, PolicyNote, PolicyQuestion, PolicySet } from '../ports.ts'

export interface DecideOptions {
  /** From this risk on, a sign-off that names no assurance takes `session` instead of `chat`. Default 50. */
  readonly sessionFromRisk?: number
  /** Whether the gateway enforces such a duty. Default: each. */
  readonly enforces?: (obligation: Obligation) => boolean
}

/**
 * Pure, and never throws. `questions` has one entry per resource of one action; the strictest answer holds, and people
 * are asked for all of them at once.
 */
export function decide(
  set: PolicySet,
  questions: readonly PolicyQuestion[],
  risk: number,
  { sessionFromRisk = 50, enforces = () => true }: DecideOptions = {},
): Decision {
  const findings = questions.map((question) => findingOf(set, question))
  const policyVersion = set.version

  const denial = strictest(findings) ?? unservable(findings, questions)
  if (denial) return { kind: 'deny', because: denial.because, policyVersion, reason: denial.reason }

  const open = findings.filter((finding) => finding.kind !== 'denied')
  const permits = uniqueById(open.flatMap((finding) => finding.permits))
  const signOffs = uniqueById(open.flatMap((finding) => finding.signOffs))
  const obligations = unique(permits.flatMap((permit) => permit.obligations))
  const lost = permits.filter((permit) => !permit.obligations.every(enforces)).map(({ id }) => id)
  if (lost.length > 0) return { kind: 'deny', because: lost, policyVersion, reason: 'obligation_not_kept' }
  const because = [...signOffs, ...permits].map(({ id }) => id)
  if (signOffs.length === 0) return { kind: 'allow', because, policyVersion, obligations }

  const assurance = risk < sessionFromRisk ? 'chat' : 'session'
  const terms = { signOffs: signOffs.map((note) => termOf(note.signOff, assurance)) }
  return { kind: 'ask', because, policyVersion, obligations, terms }
}

type SignOffNote = PolicyNote & { readonly signOff: NonNullable<PolicyNote['signOff']> }

/** What the policies say of one resource. */
type Finding =
  | { readonly kind: 'denied'; readonly reason: DenyReason; readonly because: readonly string[] }
  | { readonly kind: 'open'; readonly signOffs: readonly SignOffNote[]; readonly permits: readonly PolicyNote[] }

type Denied = Extract<Finding, { kind: 'denied' }>

/**
 * What is only known as a call and changes something is held to what holds for changes as well; that permits nothing.
 */
function findingOf(set: PolicySet, question: PolicyQuestion): Finding {
  const finding = findingFor(set, question)
  if (finding.kind === 'denied' || !question.context.changes) return finding
  const auto = ask(set, 'auto', { ...question, asChange: true })
  if (auto.kind === 'error') return denied('evaluation_error')
  if (auto.kind === 'allow') return finding
  const signOffs = auto.by.map((id) => set.policy(id)).filter(isSignOff)
  const prohibitions = auto.by.filter((id) => !signOffs.some((note) => note.id === id))
  if (prohibitions.length > 0) return denied('prohibited', prohibitions)
  return { ...finding, signOffs: uniqueById([...finding.signOffs, ...signOffs]) }
}

function findingFor(set: PolicySet, question: PolicyQuestion): Finding {
  const auto = ask(set, 'auto', question)
  if (auto.kind === 'error') return denied('evaluation_error')
  if (auto.kind === 'allow') return open(set, [], auto.by)
  if (auto.by.length === 0) return denied('no_grant')

  const signOffs = auto.by.map((id) => set.policy(id)).filter(isSignOff)
  const prohibitions = auto.by.filter((id) => !signOffs.some((note) => note.id === id))
  if (prohibitions.length > 0) return denied('prohibited', prohibitions)

  const approvable = ask(set, 'approvable', question)
  if (approvable.kind === 'error') return denied('evaluation_error')
  if (approvable.kind === 'deny') return denied('no_grant', approvable.by)
  return open(set, signOffs, approvable.by)
}

/** An engine that breaks its promise not to throw is one more reason to say no (P8). */
function ask(set: PolicySet, which: 'auto' | 'approvable', question: PolicyQuestion): Evaluation {
  try {
    return set.evaluate(which, question)
  } catch (error) {
    return { kind: 'error', says: String(error) }
  }
}

const denied = (reason: DenyReason, because: readonly string[] = []): Denied => ({ kind: 'denied', reason, because })

/** A permit that the set does not know cannot carry its obligations, so nothing may rest on it. */
function open(set: PolicySet, signOffs: readonly SignOffNote[], by: readonly string[]): Finding {
  const permits = by.map((id) => set.policy(id))
  if (by.length === 0 || permits.includes(undefined)) return denied('evaluation_error', by)
  return { kind: 'open', signOffs, permits: permits.filter((note) => note !== undefined) }
}

const isSignOff = (note: PolicyNote | undefined): note is SignOffNote => note?.signOff !== undefined

const bySeverity: readonly DenyReason[] = ['evaluation_error', 'prohibited', 'no_grant']

function strictest(findings: readonly Finding[]): { reason: DenyReason; because: string[] } | undefined {
  if (findings.length === 0) return { reason: 'evaluation_error', because: [] }
  const denials = findings.filter((finding) => finding.kind === 'denied')
  const reason = bySeverity.find((candidate) => denials.some((denial) => denial.reason === candidate))
  if (!reason) return undefined
  return { reason, because: unique(denials.filter((denial) => denial.reason === reason).flatMap((d) => d.because)) }
}

/** A question that nobody could answer yet is not put to people. */
function unservable(
  findings: readonly Finding[],
  questions: readonly PolicyQuestion[],
): { reason: DenyReason; because: string[] } | undefined {
  const signOffs = uniqueById(findings.flatMap((finding) => (finding.kind === 'open' ? finding.signOffs : [])))
  const ids = (notes: readonly SignOffNote[]) => notes.map(({ id }) => id)

  const needEnforcing = signOffs.filter(({ signOff }) => signOff.enforcingOnly)
  const cooperating = questions.some(({ action }) => action.mode !== 'enforcing')
  if (cooperating && needEnforcing.length > 0) return { reason: 'mode_not_enforcing', because: ids(needEnforcing) }

  const needPurpose = signOffs.filter(({ signOff }) => signOff.purposeRequired)
  const given = questions.every(({ context }) => context.purposeGiven)
  if (!given && needPurpose.length > 0) return { reason: 'purpose_missing', because: ids(needPurpose) }
  return undefined
}

const termOf = (signOff: SignOffNote['signOff'], fallback: SignOff['assurance']): SignOff => ({
  ...signOff,
  assurance: signOff.assurance ?? fallback,
  escalated: false,
})

const uniqueById = <Note extends PolicyNote>(notes: readonly Note[]): Note[] =>
  [...new Map(notes.map((note) => [note.id, note])).values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))

const unique = <Value extends string | Obligation>(values: readonly Value[]): Value[] => [
  ...new Map(values.map((value) => [canonical(value), value])).values(),
]
