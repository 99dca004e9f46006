import type { QuestionSummary } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge, Classes, Environment, RiskMeter } from '../parts/badges.tsx'
import { TimeLeft, When } from '../parts/times.tsx'
import { paths } from '../route.ts'
import { Link } from '../shell/link.tsx'
import { stateWords } from '../words/words.ts'

export function QuestionRow(props: { question: QuestionSummary; receivedAt: number; marked: boolean }) {
  const { question, receivedAt, marked } = props
  const { id, state, sentence, agent, onBehalfOf, environment, risk, classes, destination, groups, mine } = question
  const { word, tone } = stateWords[state]
  return (
    <li id={id} className={marked ? 'question-row marked' : 'question-row'}>
      <Link href={paths.question(id)} aria-current={marked ? 'true' : undefined}>
        <div className="row-top">
          <RiskMeter score={risk} />
          <Environment name={environment} />
          {mine && <span className="can-sign">You can sign</span>}
          <span className="row-time">
            {state === 'open' ? (
              <TimeLeft secondsLeft={question.secondsLeft} expiresAt={question.expiresAt} receivedAt={receivedAt} />
            ) : (
              <Badge tone={tone}>{word}</Badge>
            )}
          </span>
        </div>
        <h2>
          <AgentText text={sentence} />
        </h2>
        <p className="row-facts">
          <span>
            <AgentText text={agent.name} />
            {onBehalfOf && (
              <>
                {' '}
                for <AgentText text={onBehalfOf.name} />
              </>
            )}
          </span>
          {classes.length > 0 && <Classes classes={classes} />}
          {destination && (
            <span className={destination.outside ? 'outside' : ''}>
              → <AgentText text={destination.name} />
              {destination.outside && ' (outside)'}
            </span>
          )}
        </p>
        <p className="row-foot soft">
          {state === 'open' ? (
            <>
              <span>
                asks {groups.join(', ')}
                {question.needed > 1 && `, ${question.served} of ${question.needed} sign-offs served`}
              </span>
              <When at={question.askedAt} />
            </>
          ) : (
            <>
              <span>settled</span>
              <When at={question.settledAt ?? question.expiresAt} />
            </>
          )}
        </p>
      </Link>
    </li>
  )
}
