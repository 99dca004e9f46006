/**
 * All parameters, each marked by a sign and a word where it differs from the last approved run.
 *
 * @module
 */
import type { Json, LastRun } from '@countersign/schema'
import { type ReactNode, useMemo } from 'react'
import { AgentText } from '../parts/agent-text.tsx'
import { When } from '../parts/times.tsx'
import { Values } from '../parts/values.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { nestedJson } from '../words/nested.ts'
import { counted, outcomeWords } from '../words/words.ts'
import { type Compared, compared, type Counts, countsOf, type Line } from './compared.ts'

export function Parameters({ parameters, lastRun }: { parameters: Json; lastRun: LastRun | undefined }) {
  const all = useMemo(() => lastRun && compared(lastRun.parameters, parameters), [lastRun, parameters])
  if (!lastRun || !all) {
    return (
      <>
        <p className="compared-with soft">
          Nothing to compare with: no run of this kind was approved before, as far as you may see.
        </p>
        <Values value={parameters} />
      </>
    )
  }
  return (
    <>
      <p className="compared-with">
        <b>{all.is === 'same' ? 'The same parameters as' : `${countWords(countsOf(all))} since`}</b> the{' '}
        <Link href={paths.action(lastRun.action)}>last approved run</Link> <When at={lastRun.at} />
        <span className="soft">
          {lastRun.approvedBy.length > 0 && <> · approved by {lastRun.approvedBy.map(({ name }) => name).join(', ')}</>}
          {' · '}
          {outcomeWords(lastRun.outcome)}
        </span>
      </p>
      <Differences all={all} />
    </>
  )
}

function countWords({ changed, added, removed }: Counts): string {
  const words = [
    ...(changed > 0 ? [`${changed} changed`] : []),
    ...(added > 0 ? [`${added} added`] : []),
    ...(removed > 0 ? [`${removed} removed`] : []),
  ]
  return words.length > 0 ? words.join(', ') : counted(0, 'change')
}

function Differences({ all }: { all: Compared }) {
  switch (all.is) {
    case 'same':
      return <Values value={all.value} />
    case 'added':
    case 'removed':
      return (
        <Side is={all.is}>
          <Values value={all.value} />
        </Side>
      )
    case 'changed':
      return <Changed was={all.was} now={all.now} />
    case 'partly':
      return (
        <dl className="values compared">
          {all.parts.map(({ name, compared: part }, index) => (
            <div className={part.is} key={`${index} ${name}`}>
              <dt>
                <AgentText text={all.of === 'items' ? `${name}.` : name} />
              </dt>
              <dd>
                <Differences all={part} />
              </dd>
            </div>
          ))}
        </dl>
      )
    case 'lines':
      return <Lines lines={all.lines} />
  }
}

const signs = {
  added: { sign: '+', word: 'added' },
  removed: { sign: '−', word: 'removed' },
  was: { sign: '−', word: 'was' },
  now: { sign: '+', word: 'now' },
} as const

function Side({ is, children }: { is: keyof typeof signs; children: ReactNode }) {
  const { sign, word } = signs[is]
  return (
    <div className={`side ${is}`}>
      <span className="side-sign">
        <i aria-hidden="true">{sign}</i> {word}
      </span>
      <div>{children}</div>
    </div>
  )
}

function Changed({ was, now }: { was: Json; now: Json }) {
  if (typeof was === 'string' && typeof now === 'string') {
    const [before, after] = [nestedJson(was), nestedJson(now)]
    if (before !== undefined && after !== undefined) {
      return <ChangedJson texts={[was, now]} values={[before, after]} />
    }
  }
  return (
    <>
      <Side is="was">
        <Values value={was} />
      </Side>
      <Side is="now">
        <Values value={now} />
      </Side>
    </>
  )
}

/** A body that is JSON in a text is compared as such, for reading; the texts themselves stand below it, whole. */
function ChangedJson({ texts: [was, now], values }: { texts: [string, string]; values: [Json, Json] }) {
  const text = (whole: string) => (
    <span className="quoted">
      <AgentText text={whole} setting="block" />
    </span>
  )
  return (
    <>
      <div className="nested">
        <span className="soft">read as JSON, and compared:</span>
        <Differences all={compared(...values)} />
      </div>
      <p className="soft">the texts themselves, as they were and are sent:</p>
      <Side is="was">{text(was)}</Side>
      <Side is="now">{text(now)}</Side>
    </>
  )
}

function Lines({ lines }: { lines: readonly Line[] }) {
  return (
    <div className="lines" role="group" aria-label={`Text, ${counted(lines.length, 'line')}, compared line by line`}>
      {lines.map(({ is, text }, index) => (
        <div className={`text-line ${is}`} key={index}>
          <span className="side-sign">
            {is !== 'same' && (
              <>
                <i aria-hidden="true">{signs[is].sign}</i> {signs[is].word}
              </>
            )}
          </span>
          <AgentText text={text} setting="block" />
        </div>
      ))}
    </div>
  )
}

/** What it acts on now and did not then, or the other way round. */
export function resourceChanges(
  now: LastRun['resources'],
  lastRun: LastRun | undefined,
): { isNew(each: LastRun['resources'][number]): boolean; gone: LastRun['resources'] } {
  const keyOf = ({ kind, name }: LastRun['resources'][number]) => `${kind} ${name}`
  const nowKeys = new Set(now.map(keyOf))
  const before = new Set(lastRun?.resources.map(keyOf))
  return {
    isNew: (each) => lastRun !== undefined && !before.has(keyOf(each)),
    gone: lastRun?.resources.filter((each) => !nowKeys.has(keyOf(each))) ?? [],
  }
}
