import type { PolicyTests } from '@countersign/schema'
import { Badge } from '../parts/badges.tsx'
import { Section } from '../parts/facts.tsx'
import { counted } from '../words/words.ts'

/** Failures first: they are what is read. */
export function CasesReport({ cases: { results, untested } }: { cases: NonNullable<PolicyTests['cases']> }) {
  const failed = results.filter(({ passed }) => !passed)
  const passed = results.filter((result) => result.passed)
  return (
    <Section
      title="Cases"
      aside={
        failed.length === 0 ? (
          <Badge tone="good">✓ {counted(results.length, 'case')} pass</Badge>
        ) : (
          <Badge tone="bad">
            ✗ {failed.length} of {counted(results.length, 'case')} fail
          </Badge>
        )
      }
    >
      {untested.length > 0 && (
        <p className="warn-text">
          ⚠ Policies that decide no case: <span className="mono">{untested.join(', ')}</span>
        </p>
      )}
      {untested.length === 0 && <p className="soft">Every policy decides at least one.</p>}
      {failed.length > 0 && (
        <ul className="cases">
          {failed.map(({ name, expected, got }) => (
            <li key={name}>
              <b>✗ {name}</b>
              <span>
                expected <span className="mono">{expected}</span>, got <span className="mono">{got}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {passed.length > 0 && (
        <details open={failed.length === 0}>
          <summary>{counted(passed.length, 'case')} as expected</summary>
          <ul className="cases">
            {passed.map(({ name, got }) => (
              <li key={name}>
                ✓ {name} <span className="mono soft">{got}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Section>
  )
}
