import type { Explanation } from '@countersign/schema'
import { useState } from 'react'
import { useAnswer } from '../api/use-answer.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge } from '../parts/badges.tsx'
import { Loading, TroubleNote } from '../parts/states.tsx'

/** What the policies of today say of an action of then. Asked for only when someone wants to know. */
export function Explain({ id }: { id: string }) {
  const [wanted, setWanted] = useState(false)
  const path = `/api/policies/explain?action=${id}`
  const { value, trouble } = useAnswer<Explanation>(wanted ? path : undefined)
  if (!wanted) {
    return (
      <button type="button" className="quiet" onClick={() => setWanted(true)}>
        What would policy say now?
      </button>
    )
  }
  if (!value) return trouble ? <TroubleNote trouble={trouble} /> : <Loading what="what policy says now" />
  return (
    <div aria-live="polite">
      <h3>Now, under version {value.now.version.slice(0, 16)}</h3>
      <ul className="plain">
        {value.now.resources.map(({ resource, auto, approvable }) => {
          const answer = nowOf(auto.kind, approvable.kind)
          const by = auto.kind === 'allow' ? auto.by : [...auto.by, ...approvable.by]
          return (
            <li key={`${resource.kind} ${resource.name}`}>
              <Badge tone={answer.tone}>{answer.word}</Badge>{' '}
              <span className="mono">
                <AgentText text={resource.name} />
              </span>{' '}
              <span className="soft">
                {[...new Set(by.map((policy) => policy.id))].join(', ') || 'no policy matches'}
              </span>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

type Kind = Explanation['now']['resources'][number]['auto']['kind']

/** Allowed by all policies: allow. Allowed but for the sign-offs: ask. Anything else, an error too: deny. */
export function nowOf(auto: Kind, approvable: Kind): { word: string; tone: 'good' | 'wait' | 'bad' } {
  if (auto === 'allow') return { word: 'allowed', tone: 'good' }
  if (auto === 'deny' && approvable === 'allow') return { word: 'asks people', tone: 'wait' }
  return { word: 'denied', tone: 'bad' }
}
