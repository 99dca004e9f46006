import { useId, useState } from 'react'
import type { Trouble } from '../api/ask.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { AskingDialog } from '../parts/asking-dialog.tsx'

export function StopDialog(props: {
  name: string
  sending: boolean
  trouble: Trouble | undefined
  onClose(): void
  onStop(because: string): void
}) {
  const [because, setBecause] = useState('')
  const field = useId()
  return (
    <AskingDialog
      title="Stop this agent"
      does="Stop it"
      looks="harm"
      sending={props.sending}
      trouble={props.trouble}
      onClose={props.onClose}
      onDo={() => props.onStop(because.trim())}
    >
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
    </AskingDialog>
  )
}
