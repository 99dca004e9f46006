/**
 * What has to be known before answering, on one screen of a phone. What the action is is read from the card: that is
 * what the signature covers. What is too long for the screen is cut by the style sheet alone, and says so; one tap
 * shows it all.
 *
 * @module
 */
import type { Purpose, ApprovalView, Risk } from '@countersign/schema'
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge, Classes, Environment, RiskMeter } from '../parts/badges.tsx'
import { FactRow } from '../parts/facts.tsx'
import { TimeLeft, When } from '../parts/times.tsx'
import { stateWords } from '../words/words.ts'

/** More reasons stand below; the first ones weigh most. */
const reasonsAbove = 3

export function Asked({ question, receivedAt }: { question: ApprovalView; receivedAt: number }) {
  const [whole, setWhole] = useState(false)
  const { header, cut } = useCut(whole)
  const { card, state } = question
  const { sentence, risk, purpose } = card.advisory
  const { word, tone } = stateWords[state]
  return (
    <header className={whole ? 'asked' : 'asked brief'} ref={header}>
      <div className="asked-top">
        <RiskMeter score={risk.score} large />
        <Environment name={card.bound.action.environment} />
        <span className="row-time">
          {state === 'open' ? (
            <TimeLeft secondsLeft={question.secondsLeft} expiresAt={question.expiresAt} receivedAt={receivedAt} />
          ) : (
            <Badge tone={tone}>{word}</Badge>
          )}
        </span>
      </div>
      <h1 className="fit">
        <AgentText text={sentence} />
      </h1>
      <dl className="facts">
        <Before run={question.openEndedRun} />
        <Who askedBy={question.askedBy} />
        <Why purpose={purpose} />
        <Data dataUse={card.bound.dataUse} />
        <Reasons risk={risk} whole={whole} />
      </dl>
      {(cut || whole) && (
        <button type="button" className="show-all" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? 'Fit it to the screen' : '… cut to fit the screen. Show all of it'}
        </button>
      )}
    </header>
  )
}

/** Whether any part is longer than the lines it has; looked at again whenever the header changes its size. */
function useCut(whole: boolean) {
  const header = useRef<HTMLElement>(null)
  const [cut, setCut] = useState(false)
  useLayoutEffect(() => {
    const shown = header.current
    if (!shown || whole) return undefined
    const look = () =>
      setCut([...shown.querySelectorAll('.fit')].some((part) => part.scrollHeight > part.clientHeight + 2))
    look()
    const watcher = new ResizeObserver(look)
    watcher.observe(shown)
    return () => watcher.disconnect()
  }, [whole])
  return { header, cut }
}

/** Not of the card: it may become known while the question waits. */
function Before({ run }: { run: ApprovalView['openEndedRun'] }) {
  return (
    run && (
      <FactRow label="Before">
        <span className="warn-text">⚠ may have run already</span>{' '}
        <span className="soft">
          <When at={run.at} />, outcome unknown
        </span>
      </FactRow>
    )
  )
}

function Who({ askedBy: { agent, onBehalfOf } }: Pick<ApprovalView, 'askedBy'>) {
  return (
    <FactRow label="Asked by">
      <div className="who-asks">
        <b className="fit">
          <AgentText text={agent.name} />
        </b>
        {onBehalfOf ? (
          <span className="fit">
            for{' '}
            <b>
              <AgentText text={onBehalfOf.name} />
            </b>
          </span>
        ) : (
          <span className="soft">for itself: no verified person stands behind it</span>
        )}
        {agent.status === 'stopped' && <span className="warn-text">⚠ stopped</span>}
      </div>
    </FactRow>
  )
}

function Why({ purpose }: { purpose: Purpose | undefined }) {
  const { text = '', workItem } = purpose ?? {}
  return (
    <FactRow label="Purpose">
      {text === '' && workItem === undefined ? (
        <span className="warn-text">none given</span>
      ) : (
        <div className="why">
          <div className="fit">
            <small className="claimed">claimed</small>{' '}
            {text !== '' && (
              <>
                “<AgentText text={text} />”
              </>
            )}
            {workItem !== undefined && (
              <span className="soft">
                {text !== '' && ' · '}
                <AgentText text={workItem} />
              </span>
            )}
          </div>
        </div>
      )}
    </FactRow>
  )
}

function Data({ dataUse }: Pick<ApprovalView, 'dataUse'>) {
  const { classes, reads, writes, destination, model } = dataUse
  const names = [...new Set([...reads, ...writes].map(({ name }) => name))]
  const unknown = [...reads, ...writes].filter(({ known }) => !known).length
  return (
    <>
      <FactRow label="Data">
        <div className="fit data-fit">
          {unknown > 0 && <span className="warn-text">⚠ {unknown === names.length ? '' : `${unknown} `}unknown </span>}
          <Classes classes={classes} />{' '}
          {names.length > 0 && (
            <span className="soft mono">
              <AgentText text={names.join(', ')} />
            </span>
          )}
        </div>
      </FactRow>
      {destination && (
        <FactRow label="Goes to">
          <Target name={destination.name} alarming={destination.outside || !destination.known}>
            {destination.outside ? 'leaves the organization' : 'stays in the organization'}
            {!destination.known && ', not registered'}
          </Target>
        </FactRow>
      )}
      {model && (
        <FactRow label="Model">
          <Target name={model.name} alarming={model.external || !model.known}>
            {model.external ? 'external' : 'own'}
            {!model.known && ', not registered'}
          </Target>
        </FactRow>
      )}
    </>
  )
}

/** What it is never gives way to how it is called. */
function Target({ name, alarming, children }: { name: string; alarming: boolean; children: ReactNode }) {
  return (
    <div className="target">
      <b className="fit">
        <AgentText text={name} />
      </b>
      <span className={alarming ? 'warn-text' : 'soft'}>
        {alarming && '⚠ '}
        {children}
      </span>
    </div>
  )
}

function Reasons({ risk: { signals }, whole }: { risk: Risk; whole: boolean }) {
  const reasons = signals.toSorted((one, other) => other.points - one.points)
  const shown = whole ? reasons : reasons.slice(0, reasonsAbove)
  const further = reasons.length - shown.length
  return (
    <FactRow label="Risk">
      {reasons.length === 0 ? (
        <span className="soft">no signals</span>
      ) : (
        <ul className="reasons">
          {shown.map(({ name, points, says }) => (
            <li key={name}>
              <span className="points">{points > 0 ? `+${points}` : points}</span>
              <span className="fit">
                <AgentText text={says} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {further > 0 && <span className="soft further">and {further} more, below</span>}
    </FactRow>
  )
}
