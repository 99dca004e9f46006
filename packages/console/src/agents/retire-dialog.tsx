import type { AgentView } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Refused } from '../question/refused.tsx'
import { live } from '../shell/live.ts'
import { useChange } from '../api/use-change.ts'

export function RetireDialog({ agent: { id, name }, onClose }: { agent: AgentView; onClose(): void }) {
  const { sending, trouble, send } = useChange()
  const retire = async () => {
    if (!(await send(`/api/agents/${id}/retire`, {}))) return
    live.tell(`${name} is retired.`, 'good')
    onClose()
  }
  return (
    <Dialog title="Retire this agent" onClose={onClose}>
      <p>
        <AgentText text={name} /> is stopped for good: its questions are withdrawn, its keys prove nobody, and it is not
        started again. What it did stays in the record, and its id stays taken.
      </p>
      <Refused trouble={trouble} />
      <div className="dialog-buttons">
        <button type="button" className="quiet" autoFocus onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="danger solid" disabled={sending} onClick={() => void retire()}>
          {sending ? 'Sending…' : 'Retire it'}
        </button>
      </div>
    </Dialog>
  )
}
