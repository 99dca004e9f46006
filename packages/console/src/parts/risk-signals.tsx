import type { Risk } from '@countersign/schema'
import { AgentText } from './agent-text.tsx'

export function RiskSignals({ risk: { signals } }: { risk: Risk }) {
  if (signals.length === 0) return <p className="soft">No signal was raised.</p>
  return (
    <ul className="reasons all">
      {signals
        .toSorted((one, other) => other.points - one.points)
        .map(({ name, points, says }) => (
          <li key={name}>
            <span className="points">{points > 0 ? `+${points}` : points}</span>{' '}
            <span>
              <AgentText text={says} /> <span className="soft mono">{name}</span>
            </span>
          </li>
        ))}
    </ul>
  )
}
