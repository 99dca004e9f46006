import type { SignatureView } from '@countersign/schema'
import { assuranceWords } from '../words/words.ts'
import { AgentText } from './agent-text.tsx'
import { Badge } from './badges.tsx'
import { When } from './times.tsx'

export function Signatures({ signatures }: { signatures: readonly SignatureView[] }) {
  return (
    <ul className="signatures">
      {signatures.map(({ person, verdict, reason, assurance, channel, local, at }) => (
        <li key={person.id}>
          <Badge tone={verdict === 'approve' ? 'good' : 'bad'}>{verdict === 'approve' ? 'Approved' : 'Rejected'}</Badge>{' '}
          <b>
            <AgentText text={person.name} />
          </b>{' '}
          <span className="soft">
            over {channel},{' '}
            {local ? 'as a local person, proven by no identity provider' : `proven by ${assuranceWords[assurance]}`},{' '}
            <When at={at} />
          </span>
          {reason !== undefined && (
            <p>
              “<AgentText text={reason} setting="block" />”
            </p>
          )}
        </li>
      ))}
    </ul>
  )
}
