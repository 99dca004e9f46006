import type { PolicyView } from '@countersign/schema'
import { AgentText } from './agent-text.tsx'
import { Badge } from './badges.tsx'
import { CedarText } from './cedar-text.tsx'

const tones = { allowance: 'good', 'sign-off': 'wait', prohibition: 'bad', gone: 'calm' } as const

export function PolicyText({ policy: { id, kind, doc, owner, control, text } }: { policy: PolicyView }) {
  return (
    <details className="policy">
      <summary>
        <Badge tone={tones[kind]}>{kind === 'gone' ? 'no longer in force' : kind}</Badge>{' '}
        <span className="mono">{id}</span>
        <span className="policy-doc">
          <AgentText text={doc} />
        </span>
        <span className="soft">
          owner {owner}
          {control !== undefined && ` · ${control}`}
        </span>
      </summary>
      <pre tabIndex={0} aria-label={`Cedar of ${id}`}>
        <CedarText text={text} />
      </pre>
    </details>
  )
}
