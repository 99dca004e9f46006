/**
 * What a person is told whose answer came after the question was settled: who decided, how, and what came of it.
 *
 * @module
 */
import type { ApprovalView } from '@countersign/schema'
import { outcomeWords, stateWords } from '../words/words.ts'

export function lateWords({ state, signatures, outcome, because }: ApprovalView, me: string): string {
  const verdict = state === 'rejected' ? 'reject' : 'approve'
  const deciding = signatures.filter((signature) => signature.verdict === verdict)
  const names = deciding.map(({ person }) => (person.id === me ? 'you' : person.name)).join(', ')
  const after = outcome ? `: ${outcomeWords(outcome)}.` : '.'
  switch (state) {
    case 'open':
      return 'The question changed while you looked. Read it again.'
    case 'granted':
      return `Too late to answer: approved by ${names}. It has not run yet.`
    case 'spent':
      return `Too late to answer: approved by ${names}${after}`
    case 'rejected':
      return `Too late to answer: rejected by ${names}. It did not run.`
    case 'expired':
      return 'Too late to answer: the time was up. No answer is a no: it did not run.'
    case 'cancelled':
    case 'voided':
      return `Too late to answer: ${stateWords[state].word.toLowerCase()}. It did not run.${because ? ` ${because}` : ''}`
  }
}
