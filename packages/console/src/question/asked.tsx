/**
 * What has to be known before answering, on one screen of a phone. All of it is read from the card: that is what the
 * signature covers.
 *
 * @module
 */
import type { QuestionView } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge, Classes, Environment, RiskMeter } from '../parts/badges.tsx'
import { FactRow } from '../parts/facts.tsx'
import { TimeLeft } from '../parts/times.tsx'
import { stateWords } from '../words/words.ts'

/** More reasons stand below; the first ones weigh most. */
const reasonsAbove = 3

export function Asked({ question, receivedAt }: { question: QuestionView; receivedAt: number }) {
  const { card, state, askedBy } = question
  const { action, picture } = card.bound
  const { sentence, purpose, risk } = card.advisory
  const reasons = risk.signals.toSorted((one, other) => other.points - one.points)
  const { word, tone } = stateWords[state]
  return (
    <header className="asked">
      <div className="asked-top">
        <RiskMeter score={risk.score} large />
        <Environment name={action.environment} />
        <span className="row-time">
          {state === 'open' ? (
            <TimeLeft secondsLeft={question.secondsLeft} expiresAt={question.expiresAt} receivedAt={receivedAt} />
          ) : (
            <Badge tone={tone}>{word}</Badge>
          )}
        </span>
      </div>
      <h1>
        <AgentText text={sentence} />
      </h1>
      <dl className="facts">
        <FactRow label="Asked by">
          <b>
            <AgentText text={askedBy.agent.name} />
          </b>
          {askedBy.onBehalfOf && (
            <>
              {' '}
              for{' '}
              <b>
                <AgentText text={askedBy.onBehalfOf.name} />
              </b>
            </>
          )}
          {askedBy.agent.status === 'stopped' && <span className="warn-text"> · stopped</span>}
        </FactRow>
        <FactRow label="Purpose">
          {purpose?.text !== undefined && purpose.text !== '' ? (
            <>
              “<AgentText text={purpose.text} />”
            </>
          ) : (
            <span className="warn-text">none given</span>
          )}
          {purpose?.workItem !== undefined && (
            <span className="soft">
              {' '}
              · <AgentText text={purpose.workItem} />
            </span>
          )}{' '}
          {(purpose?.text !== undefined || purpose?.workItem !== undefined) && (
            <small className="claimed">claimed by the agent</small>
          )}
        </FactRow>
        <FactRow label="Data">
          <Classes classes={picture.classes} />
          {[...picture.reads, ...picture.writes].some(({ known }) => !known) && (
            <span className="warn-text"> ⚠ some of it unknown</span>
          )}
        </FactRow>
        {picture.destination && (
          <FactRow label="Goes to">
            <b>
              <AgentText text={picture.destination.name} />
            </b>{' '}
            <span className={picture.destination.outside || !picture.destination.known ? 'warn-text' : 'soft'}>
              {picture.destination.outside ? '⚠ outside the company' : 'inside'}
              {!picture.destination.known && ', not registered'}
            </span>
          </FactRow>
        )}
        {picture.model && (
          <FactRow label="Model">
            <b>
              <AgentText text={picture.model.name} />
            </b>{' '}
            <span className={picture.model.external || !picture.model.known ? 'warn-text' : 'soft'}>
              {picture.model.external ? '⚠ external' : 'own'}
              {!picture.model.known && ', not registered'}
            </span>
          </FactRow>
        )}
        <FactRow label="Risk">
          {reasons.length === 0 ? (
            <span className="soft">no signals</span>
          ) : (
            <ul className="reasons">
              {reasons.slice(0, reasonsAbove).map(({ name, points, says }) => (
                <li key={name}>
                  <span className="points">{points > 0 ? `+${points}` : points}</span> <AgentText text={says} />
                </li>
              ))}
            </ul>
          )}
          {reasons.length > reasonsAbove && (
            <span className="soft">and {reasons.length - reasonsAbove} more, below</span>
          )}
        </FactRow>
      </dl>
    </header>
  )
}
