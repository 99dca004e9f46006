import type { ApprovalView, SignOffView } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { duration } from '../words/time.ts'
import { assuranceWords, counted, either } from '../words/words.ts'

export function SignOffs({ question: { signOffs, maySign, state } }: { question: ApprovalView }) {
  return (
    <>
      <ul className="sign-offs">
        {signOffs.map((signOff) => (
          <SignOff signOff={signOff} key={signOff.id} />
        ))}
      </ul>
      {state === 'open' && (
        <p>
          <span className="soft">People who may approve now: </span>
          {maySign.length === 0 ? (
            <span className="warn-text">
              nobody that Countersign knows. It expires, unless someone of these groups signs in.
            </span>
          ) : (
            maySign.map(({ id, name }, index) => (
              <span key={id}>
                {index > 0 && ', '}
                <AgentText text={name} />
              </span>
            ))
          )}
        </p>
      )}
    </>
  )
}

function SignOff({ signOff }: { signOff: SignOffView }) {
  const { id, doc, owner, control, from, quorum, served, assurance, reasonRequired, distinct, escalation } = signOff
  const missing = Math.max(0, quorum - served)
  return (
    <li className={missing === 0 ? 'served' : ''}>
      <p>
        <b>{missing === 0 ? '✓ Served' : `${counted(missing, 'signature')} missing`}</b> ·{' '}
        {counted(quorum, 'person', 'people')} of {either(from)}
      </p>
      <p>
        <AgentText text={doc} />
      </p>
      <p className="soft">
        <span className="mono">{id}</span> · owner {owner}
        {control !== undefined && ` · ${control}`} · takes {assuranceWords[assurance]}
        {reasonRequired && ' · with a reason'}
        {distinct && ' · by people who serve no other sign-off'}
        {escalation &&
          (escalation.done
            ? ` · escalated to ${escalation.to}`
            : ` · goes to ${escalation.to} as well after ${duration(escalation.afterMs)}`)}
      </p>
    </li>
  )
}
