import type { ApprovalSummary } from '@countersign/schema'

/** First what waits for the person who looks; within that, what runs out first. Settled ones: latest first. */
export function sorted(questions: readonly ApprovalSummary[], tab: 'open' | 'settled'): ApprovalSummary[] {
  const shown = questions.filter(({ state }) => (state === 'open') === (tab === 'open'))
  if (tab === 'settled') return shown.toSorted((one, other) => settledAt(other) - settledAt(one))
  return shown.toSorted(
    (one, other) => Number(other.mine) - Number(one.mine) || Date.parse(one.expiresAt) - Date.parse(other.expiresAt),
  )
}

const settledAt = (question: ApprovalSummary): number => Date.parse(question.settledAt ?? question.expiresAt)

/** Where the mark stands after a step: it stays on its question while the list changes around it. */
export function step(ids: readonly string[], at: string | undefined, by: 1 | -1): string | undefined {
  const index = at === undefined ? -1 : ids.indexOf(at)
  if (index < 0) return ids[by === 1 ? 0 : ids.length - 1]
  return ids[Math.min(ids.length - 1, Math.max(0, index + by))]
}
