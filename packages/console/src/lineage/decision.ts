import type { FlowView, LineageEdgeView } from '@countersign/schema'

/** Why a run was let through, short enough to stand on an arrow. */
export function decisionWord(newest: FlowView | undefined): string {
  if (!newest) return 'not yours to see'
  if (newest.approvers.length > 0) return `✓ ${newest.approvers.map(({ name }) => name).join(', ')}`
  return newest.policies.join(', ') || 'policy'
}

/** The same in a sentence. */
export function decisionSentence(newest: FlowView | undefined): string {
  if (!newest) return 'by a run that you may not see'
  if (newest.approvers.length > 0) return `approved by ${newest.approvers.map(({ name }) => name).join(' and ')}`
  return newest.policies.length > 0 ? `allowed by ${newest.policies.join(', ')}` : 'allowed by policy'
}

export const timesWords = ({ times }: LineageEdgeView): string =>
  times >= 1_000 ? '1,000 runs or more' : times === 1 ? 'once' : `${times} runs`
