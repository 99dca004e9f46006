import type { CandidateView } from '@countersign/schema'
import { Badge } from '../parts/badges.tsx'
import { CedarText } from '../parts/cedar-text.tsx'
import { Section } from '../parts/facts.tsx'
import { counted } from '../words/words.ts'

/** Each where it stands, with the line that it means. */
export function Problems({
  problems,
  texts,
  onGo,
}: {
  problems: CandidateView['problems']
  texts: ReadonlyMap<string, string>
  onGo(file: string, line: number, column: number): void
}) {
  return (
    <Section title="It does not pass" aside={<Badge tone="bad">✗ {counted(problems.length, 'problem')}</Badge>}>
      <ul className="problems">
        {problems.slice(0, 50).map(({ file, line, column, policy, says }, index) => (
          <li key={index}>
            <button type="button" className="quiet mono" onClick={() => onGo(file, line, column)}>
              {file}:{line}:{column}
            </button>{' '}
            {policy !== undefined && <span className="mono">{policy}: </span>}
            {says}
            <pre tabIndex={0} aria-label={`Line ${line} of ${file}`}>
              <CedarText text={texts.get(file)?.split('\n')[line - 1] ?? ''} />
            </pre>
          </li>
        ))}
      </ul>
      {problems.length > 50 && <p className="soft">and {problems.length - 50} more.</p>}
    </Section>
  )
}
