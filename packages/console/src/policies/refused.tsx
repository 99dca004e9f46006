import type { PolicySetView } from '@countersign/schema'
import { CedarText } from '../parts/cedar-text.tsx'
import { When } from '../parts/times.tsx'
import { counted } from '../words/words.ts'

/** What lies on disk and does not pass: the set that is shown below is the one of before. */
export function Refused({ refused: { since, problems } }: { refused: NonNullable<PolicySetView['refused']> }) {
  return (
    <div className="trouble" role="alert">
      <strong>
        What lies on disk does not pass: {counted(problems.length, 'problem')}, since <When at={since} />
      </strong>
      <p>What was loaded before stays in force. It is read again as soon as a file changes.</p>
      <ul className="problems">
        {problems.map(({ file, line, column, policy, says, text }, index) => (
          <li key={index}>
            {file !== '' && (
              <span className="mono">
                {file}:{line}:{column}{' '}
              </span>
            )}
            {policy !== undefined && <span className="mono">{policy}: </span>}
            {says}
            {text !== '' && (
              <pre tabIndex={0} aria-label={`Line ${line} of ${file}`}>
                <CedarText text={text} />
              </pre>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}
