import type { Me, QuestionView, SignInput } from '@countersign/schema'
import { type SubmitEvent, useId, useState } from 'react'
import type { Trouble } from '../api/ask.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { assuranceWords, counted, either } from '../words/words.ts'
import { Refused } from './refused.tsx'

export interface SignDialogProps {
  readonly question: QuestionView
  readonly me: Me
  readonly step: 'approve' | 'reject' | 'reject-and-stop'
  readonly sending: boolean
  readonly trouble: Trouble | undefined
  onClose(): void
  onSign(input: Omit<SignInput, 'shown'>, said: string): void
}

const titles = {
  approve: 'Countersign this action',
  reject: 'Reject this action',
  'reject-and-stop': 'Reject, and stop this agent',
} as const

export function SignDialog({ question, me, step, sending, trouble, onClose, onSign }: SignDialogProps) {
  const [reason, setReason] = useState('')
  const field = useId()
  const required = step === 'approve' && question.you.can !== 'look' && question.you.reasonRequired
  const { name } = question.askedBy.agent

  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const given = reason.trim() === '' ? {} : { reason: reason.trim() }
    if (step === 'approve') onSign({ verdict: 'approve', ...given }, 'You countersigned it.')
    else if (step === 'reject') onSign({ verdict: 'reject', ...given }, 'You rejected it. It will not run.')
    else onSign({ verdict: 'reject', stop: true, ...given }, `You rejected it, and ${name} is stopped.`)
  }

  return (
    <Dialog title={titles[step]} onClose={onClose}>
      <form onSubmit={submit}>
        <p className="dialog-sentence">
          <AgentText text={question.card.advisory.sentence} />
        </p>
        {step === 'reject-and-stop' && (
          <p className="warn-text">
            Nothing that <AgentText text={name} /> asks for is permitted from then on, and its open grants are voided.
            Starting it again takes another person than you.
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
        <Refused trouble={trouble} />
        <div className="dialog-buttons">
          <button type="button" className="quiet" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className={step === 'approve' ? 'primary' : 'danger solid'}
            disabled={sending}
            autoFocus={step === 'approve' && !required}
          >
            {sending
              ? 'Sending…'
              : { approve: 'Countersign', reject: 'Reject', 'reject-and-stop': 'Reject and stop' }[step]}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

/** What the signature covers, said before it is given. */
function Covers({ question: { digest, shown, signOffs }, me }: { question: QuestionView; me: Me }) {
  return (
    <details className="covers">
      <summary>What your signature covers</summary>
      <dl className="facts">
        <div className="fact">
          <dt>As</dt>
          <dd>
            {me.person.name}, by {assuranceWords[me.session.assurance]}
          </dd>
        </div>
        <div className="fact">
          <dt>Action</dt>
          <dd className="mono">{digest}</dd>
        </div>
        <div className="fact">
          <dt>Card shown</dt>
          <dd className="mono">{shown}</dd>
        </div>
        {signOffs.map(({ id, quorum, from, served }) => (
          <div className="fact" key={id}>
            <dt>{id}</dt>
            <dd>
              {counted(quorum, 'person', 'people')} of {either(from)}, {served} so far
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
