import type { Me, ApprovalView, SignInput } from '@countersign/schema'
import { useId, useState } from 'react'
import type { Trouble } from '../api/ask.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { AskingDialog } from '../parts/asking-dialog.tsx'
import { FactRow } from '../parts/facts.tsx'
import { useLostAt } from '../window/lost.tsx'
import { assuranceWords, counted, either } from '../words/words.ts'

export interface SignDialogProps {
  readonly question: ApprovalView
  readonly me: Me
  readonly step: 'approve' | 'reject' | 'reject-and-stop'
  readonly sending: boolean
  readonly trouble: Trouble | undefined
  onClose(): void
  onSign(input: Omit<SignInput, 'shown'>, said: string): void
}

const words = {
  approve: { title: 'Approve this action', does: 'Approve' },
  reject: { title: 'Reject this action', does: 'Reject' },
  'reject-and-stop': { title: 'Reject, and stop this agent', does: 'Reject and stop' },
} as const

export function SignDialog({ question, me, step, sending, trouble, onClose, onSign }: SignDialogProps) {
  const [reason, setReason] = useState('')
  const field = useId()
  const lost = useLostAt() !== undefined
  const required = step === 'approve' && question.you.can !== 'look' && question.you.reasonRequired
  const { name } = question.askedBy.agent

  const answer = () => {
    const given = reason.trim() === '' ? {} : { reason: reason.trim() }
    if (step === 'approve') onSign({ verdict: 'approve', ...given }, 'You approved it.')
    else if (step === 'reject') onSign({ verdict: 'reject', ...given }, 'You rejected it. It will not run.')
    else onSign({ verdict: 'reject', stop: true, ...given }, `You rejected it, and ${name} is stopped.`)
  }

  return (
    <AskingDialog
      {...words[step]}
      looks={step === 'approve' ? 'primary' : 'harm'}
      focus={step === 'approve' && !required ? 'does' : undefined}
      held={lost}
      sending={sending}
      trouble={trouble}
      onClose={onClose}
      onDo={answer}
    >
      <p className="dialog-sentence">
        <AgentText text={question.card.advisory.sentence} />
      </p>
      {step === 'reject-and-stop' && (
        <p className="warn-text">
          Nothing that <AgentText text={name} /> asks for is permitted from then on, and what was approved for it and
          did not run is voided. Starting it again takes another person than you.
        </p>
      )}
      <label htmlFor={field}>
        Reason {required ? '(required)' : step === 'approve' ? '(optional)' : '(the agent is told it)'}
      </label>
      <textarea
        id={field}
        rows={2}
        maxLength={2000}
        required={required}
        value={reason}
        autoFocus={step !== 'approve' || required}
        onChange={(event) => setReason(event.target.value)}
      />
      <Covers question={question} me={me} />
      {lost && (
        <p className="trouble" role="alert">
          Not connected: nothing can be approved or rejected. The console tries again by itself; what you wrote stays
          here.
        </p>
      )}
    </AskingDialog>
  )
}

/** What the signature covers, said before it is given: in words, and on asking by its hashes. */
function Covers({ question: { digest, shown, signOffs, card }, me }: { question: ApprovalView; me: Me }) {
  const { environment, parameters, resources } = card.bound.action
  const names = Object.keys(parameters).length
  return (
    <div className="covers">
      <p>
        Recorded as a countersignature of <b>{me.person.name}</b>, by {assuranceWords[me.session.assurance]}, for
        exactly this: {counted(names, 'parameter')}, {counted(resources.length, 'resource')}, in {environment}. Whatever
        differs is another question.
      </p>
      <details>
        <summary>
          Action <span className="mono">{digest.slice(0, 8)}</span>, card{' '}
          <span className="mono">{shown.slice(0, 8)}</span>
        </summary>
        <dl className="facts">
          <FactRow label="Action">
            <span className="mono">{digest}</span>
          </FactRow>
          <FactRow label="Card shown">
            <span className="mono">{shown}</span>
          </FactRow>
          {signOffs.map(({ id, quorum, from, served }) => (
            <FactRow label={<span className="mono">{id}</span>} key={id}>
              {counted(quorum, 'person', 'people')} of {either(from)}, {served} so far
            </FactRow>
          ))}
        </dl>
      </details>
    </div>
  )
}
