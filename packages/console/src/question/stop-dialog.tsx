import { type SubmitEvent, useId, useState } from 'react'
import type { Trouble } from '../api/ask.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Refused } from './refused.tsx'

export function StopDialog(props: {
  name: string
  sending: boolean
  trouble: Trouble | undefined
  onClose(): void
  onStop(because: string): void
}) {
  const [because, setBecause] = useState('')
  const field = useId()
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    props.onStop(because.trim())
  }
  return (
    <Dialog title="Stop this agent" onClose={props.onClose}>
      <form onSubmit={submit}>
        <p>
          Nothing that <AgentText text={props.name} /> asks for is permitted from then on, and what was approved for it
          and did not run is voided. Starting it again takes another person than you.
        </p>
        <label htmlFor={field}>Reason (optional)</label>
        <textarea
          id={field}
          rows={2}
          maxLength={2000}
          value={because}
          autoFocus
          onChange={(event) => setBecause(event.target.value)}
        />
        <Refused trouble={props.trouble} />
        <div className="dialog-buttons">
          <button type="button" className="quiet" onClick={props.onClose}>
            Cancel
          </button>
          <button type="submit" className="danger solid" disabled={props.sending}>
            {props.sending ? 'Sending…' : 'Stop it'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
