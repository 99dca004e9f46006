import type { ApprovalPage, ApprovalView } from '@countersign/schema'
import { useAnswer } from '../api/use-answer.ts'
import { openPath } from './listed.ts'
import { sorted } from './sorted.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { When } from '../parts/times.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { outcomeWords, stateWords } from '../words/words.ts'

/** Who decided, when and why; and what became of it. */
export function Settled({ question }: { question: ApprovalView }) {
  const { state, signatures, settledAt, because, outcome, actionId } = question
  const { word, tone } = stateWords[state]
  const deciding = signatures.filter(({ verdict }) => verdict === (state === 'rejected' ? 'reject' : 'approve'))
  return (
    <section className={`settled ${tone}`} aria-live="polite">
      <h2>
        {word}
        {settledAt !== undefined && (
          <small>
            {' '}
            <When at={settledAt} />
          </small>
        )}
      </h2>
      {state !== 'expired' &&
        deciding.map(({ person, at, channel, reason }) => (
          <p key={person.id}>
            by{' '}
            <b>
              <AgentText text={person.name} />
            </b>{' '}
            at the {channel}, <When at={at} />
            {reason !== undefined && (
              <>
                : “<AgentText text={reason} setting="block" />”
              </>
            )}
          </p>
        ))}
      <p>{afterwards(question)}</p>
      {because !== undefined && (
        <p>
          Because: <AgentText text={because} />
        </p>
      )}
      {outcome && (
        <p className={`outcome ${outcome.kind}`}>
          <b>{outcomeWords(outcome)}</b>
          {outcome.summary !== '' && outcome.kind !== 'running' && (
            <span className="soft">
              {' '}
              · <AgentText text={outcome.summary} />
            </span>
          )}
        </p>
      )}
      <p>
        <Link href={paths.action(actionId)}>The action’s whole life</Link>
      </p>
      <Next after={question.id} />
    </section>
  )
}

/** Whoever answers at night has more than one to answer. */
function Next({ after }: { after: string }) {
  const open = useAnswer<ApprovalPage>(openPath).value?.items ?? []
  const waiting = sorted(open, 'open').filter(({ id, mine }) => mine && id !== after)
  const [next] = waiting
  if (!next) return null
  return (
    <p>
      <Link className="button" href={paths.question(next.id)}>
        Next question for you ({waiting.length})
      </Link>
    </p>
  )
}

function afterwards({ state, outcome }: ApprovalView): string {
  switch (state) {
    case 'open':
      return ''
    case 'granted':
      return outcome ? '' : 'It may run once. It runs as soon as the agent comes back for it.'
    case 'spent':
      return outcome ? 'The approval was spent on this one run:' : 'The approval was spent. It is about to run.'
    case 'rejected':
      return 'It did not run, and will not.'
    case 'expired':
      return 'Nobody answered in time, or nobody came back for it. No answer is a no: it did not run.'
    case 'cancelled':
      return 'It was taken back before it ran.'
    case 'voided':
      return 'The approval no longer holds. It did not run.'
  }
}
