import type { ApprovalSummary } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { Environment, RiskMeter } from '../parts/badges.tsx'
import { TimeLeft } from '../parts/times.tsx'
import { commonWords, type Group, headId } from './grouped.ts'
import { Facts, ApprovalRow } from './approval-row.tsx'

export interface GroupRowProps {
  readonly group: Group
  readonly receivedAt: number
  readonly unfolded: boolean
  readonly marked: string | undefined
  onFold(): void
}

/** Whatever the heading says is true of each below: the least time that is left, the highest risk. */
export function GroupRow({ group, receivedAt, unfolded, marked, onFold }: GroupRowProps) {
  const { questions } = group
  const [first] = questions
  if (!first) return null
  const id = headId(group)
  const soonest = questions.reduce((one, other) => (other.secondsLeft < one.secondsLeft ? other : one), first)
  const mine = questions.filter((question) => question.mine).length
  return (
    <li className={unfolded ? 'alike unfolded' : 'alike'}>
      <h2 id={id} className={id === marked ? 'alike-head marked' : 'alike-head'}>
        <button type="button" aria-expanded={unfolded} aria-controls={`${id}-list`} onClick={onFold}>
          <span className="row-top">
            <span className="alike-count">
              <span className="fold" aria-hidden="true" />
              {questions.length} alike
            </span>
            <RiskMeter score={Math.max(...questions.map(({ risk }) => risk))} />
            <Environment name={first.environment} />
            {mine > 0 && (
              <span className="can-approve">
                {mine === questions.length ? 'You can approve' : `You can approve ${mine}`}
              </span>
            )}
            <span className="row-time">
              <TimeLeft secondsLeft={soonest.secondsLeft} expiresAt={soonest.expiresAt} receivedAt={receivedAt} />
            </span>
          </span>
          <span className="alike-sentence">
            <AgentText text={sentenceOf(questions)} />
          </span>
          <Facts question={first} />
        </button>
      </h2>
      {unfolded && (
        <ol id={`${id}-list`} aria-label={`${questions.length} alike`}>
          {questions.map((question) => (
            <ApprovalRow
              question={question}
              receivedAt={receivedAt}
              marked={question.id === marked}
              within
              key={question.id}
            />
          ))}
        </ol>
      )}
    </li>
  )
}

const sentenceOf = (questions: readonly ApprovalSummary[]): string =>
  commonWords(questions.map(({ sentence }) => sentence)) || (questions[0]?.verb ?? '')
