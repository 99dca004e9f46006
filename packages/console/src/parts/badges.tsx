import type { ReactNode } from 'react'
import { type RiskWord, riskWord, type Tone } from '../words/words.ts'
import { AgentText } from './agent-text.tsx'

export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>
}

export function Classes({ classes }: { classes: readonly string[] }) {
  if (classes.length === 0) return <span className="soft">no classes</span>
  return (
    <span className="chips">
      {classes.map((name) => (
        <span className="chip" key={name}>
          <AgentText text={name} />
        </span>
      ))}
    </span>
  )
}

/** Production is said louder than the rest, and in the same word everywhere. */
export function Environment({ name }: { name: string }) {
  return (
    <span className={name === 'prod' || name === 'production' ? 'environment prod' : 'environment'}>
      <span className="aloud">Environment </span>
      {name}
    </span>
  )
}

const bars: Readonly<Record<RiskWord, number>> = { low: 1, raised: 2, high: 3, critical: 4 }

/** Number, word and bars: any one of them is enough. */
export function RiskMeter({ score, large = false }: { score: number; large?: boolean }) {
  const word = riskWord(score)
  return (
    <span className={`risk ${word}${large ? ' large' : ''}`} title={`Risk ${score} of 100`}>
      <span className="bars" aria-hidden="true">
        {[1, 2, 3, 4].map((bar) => (
          <i className={bar <= bars[word] ? 'on' : ''} key={bar} />
        ))}
      </span>
      <span className="aloud">Risk </span>
      <b>{score}</b> {word}
    </span>
  )
}
