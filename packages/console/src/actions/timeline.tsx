import type { TimelineEntry } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { When } from '../parts/times.tsx'

/** Every line is an entry of the ledger, at its place. */
export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  return (
    <ol className="timeline">
      {entries.map(({ id, index, at, words, by, type }) => (
        <li key={id} className={type.replaceAll('.', '-')}>
          <p>
            <AgentText text={words} />
            {by && by.id !== 'house' && (
              <span className="soft">
                {' '}
                by <AgentText text={by.name} />
              </span>
            )}
          </p>
          <p className="soft">
            <When at={at} /> · <span className="mono">{type}</span> · ledger entry {index}
          </p>
        </li>
      ))}
    </ol>
  )
}
