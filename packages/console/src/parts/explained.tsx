import type { TextExplanation } from '@countersign/schema'
import { AgentText } from './agent-text.tsx'
import { Badge } from './badges.tsx'

type Explained = TextExplanation['resources'][number]

/** Why policy answers so, and what would change it: tried, not guessed. */
export function ExplainedList({ resources }: { resources: readonly Explained[] }) {
  return (
    <ul className="explained">
      {resources.map(({ resource, auto, approvable, says, changes }) => {
        const answer = answerOf(auto.kind, approvable.kind)
        const by = auto.kind === 'allow' ? auto.by : [...auto.by, ...approvable.by]
        return (
          <li key={`${resource.kind} ${resource.name}`}>
            <p>
              <Badge tone={answer.tone}>{answer.word}</Badge>{' '}
              <span className="mono">
                <AgentText text={resource.name} />
              </span>{' '}
              {says}
            </p>
            <p className="soft">
              Rests on {[...new Set(by.map(({ id }) => id))].join(', ') || 'nothing: no policy matches'}.
            </p>
            {auto.says !== undefined && <p className="bad-text">{auto.says}</p>}
            {changes.length > 0 && (
              <>
                <h4>What would change it</h4>
                <ul className="changes">
                  {changes.map(({ change, answer: other }) => (
                    <li key={change}>
                      {change} <span aria-hidden="true">→</span> <b>{other}</b>
                    </li>
                  ))}
                </ul>
              </>
            )}
          </li>
        )
      })}
    </ul>
  )
}

type Kind = Explained['auto']['kind']

/** Allowed by all policies: allow. Allowed but for the sign-offs: ask. Anything else, an error too: deny. */
export function answerOf(auto: Kind, approvable: Kind): { word: string; tone: 'good' | 'wait' | 'bad' } {
  if (auto === 'allow') return { word: 'allowed', tone: 'good' }
  if (auto === 'deny' && approvable === 'allow') return { word: 'asks people', tone: 'wait' }
  return { word: 'denied', tone: 'bad' }
}
