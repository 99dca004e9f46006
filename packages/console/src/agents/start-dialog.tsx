import { AgentText } from '../parts/agent-text.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Refused } from '../question/refused.tsx'
import type { Change } from '../api/use-change.ts'

export function StartDialog(props: { name: string; change: Change; onClose(): void; onStart(): void }) {
  const { sending, trouble } = props.change
  return (
    <Dialog title="Start this agent again" onClose={props.onClose}>
      <p>
        From then on <AgentText text={props.name} /> is permitted what policy and people allow. Approvals that were
        voided stay void.
      </p>
      <Refused trouble={trouble} />
      <div className="dialog-buttons">
        <button type="button" className="quiet" onClick={props.onClose}>
          Cancel
        </button>
        <button type="button" className="primary" autoFocus disabled={sending} onClick={props.onStart}>
          {sending ? 'Sending…' : 'Start it'}
        </button>
      </div>
    </Dialog>
  )
}
