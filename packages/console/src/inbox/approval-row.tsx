import type { ApprovalSummary } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge, Classes, Environment, RiskMeter } from '../parts/badges.tsx'
import { TimeLeft, When } from '../parts/times.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { stateWords } from '../words/words.ts'

export interface ApprovalRowProps {
  readonly question: ApprovalSummary
  readonly receivedAt: number
  readonly marked: boolean
  /** Under the heading of its kind, which says the rest. */
  readonly within?: boolean
}

export function ApprovalRow({ question, receivedAt, marked, within = false }: ApprovalRowProps) {
  const { id, state, sentence, environment, risk, mine } = question
  const { word, tone } = stateWords[state]
  const Heading = within ? 'h3' : 'h2'
  return (
    <li id={id} className={marked ? 'question-row marked' : 'question-row'}>
      <Link href={paths.question(id)} aria-current={marked ? 'true' : undefined}>
        <div className="row-top">
          <RiskMeter score={risk} />
          {!within && <Environment name={environment} />}
          {mine && <span className="can-approve">You can approve</span>}
          <span className="row-time">
            {state === 'open' ? (
              <TimeLeft secondsLeft={question.secondsLeft} expiresAt={question.expiresAt} receivedAt={receivedAt} />
            ) : (
              <Badge tone={tone}>{word}</Badge>
            )}
          </span>
        </div>
        <Heading>
          <AgentText text={sentence} />
        </Heading>
        {!within && <Facts question={question} />}
        <Foot question={question} />
      </Link>
    </li>
  )
}

/** In a list; the question names them all. */
const mostClasses = 3

/** Who asks, for whom, which data, where to. */
export function Facts({ question }: { question: ApprovalSummary }) {
  const { agent, onBehalfOf, classes, destination } = question
  return (
    <span className="row-facts">
      <span className="row-who">
        <AgentText text={agent.name} />
        {onBehalfOf && (
          <>
            {' '}
            for <AgentText text={onBehalfOf.name} />
          </>
        )}
      </span>
      {classes.length > 0 && (
        <span className="chips">
          <Classes classes={classes.slice(0, mostClasses)} />
          {classes.length > mostClasses && <span className="soft">+{classes.length - mostClasses} more</span>}
        </span>
      )}
      {destination && (
        <span className={destination.outside ? 'row-who outside' : 'row-who'}>
          {destination.outside ? '⚠ outside: ' : '→ '}
          <AgentText text={destination.name} />
        </span>
      )}
    </span>
  )
}

function Foot({ question }: { question: ApprovalSummary }) {
  const { state, groups, needed, served } = question
  if (state !== 'open') {
    return (
      <p className="row-foot soft">
        <span>settled</span>
        <When at={question.settledAt ?? question.expiresAt} />
      </p>
    )
  }
  return (
    <p className="row-foot soft">
      <span>
        asks {groups.join(', ')}
        {needed > 1 && `, ${served} of ${needed} sign-offs served`}
      </span>
      <When at={question.askedAt} />
    </p>
  )
}
