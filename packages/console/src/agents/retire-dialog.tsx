import type { AgentView } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { AskingDialog } from '../parts/asking-dialog.tsx'
import { live } from '../window/live.ts'
import { useChange } from '../api/use-change.ts'

export function RetireDialog({ agent: { id, name }, onClose }: { agent: AgentView; onClose(): void }) {
  const { sending, trouble, send } = useChange()
  const retire = async () => {
    if (!(await send(`/api/agents/${id}/retire`, {}))) return
    live.tell(`${name} is retired.`, 'good')
    onClose()
  }
  return (
    <AskingDialog
      title="Retire this agent"
      does="Retire it"
      looks="harm"
      focus="leave"
      sending={sending}
      trouble={trouble}
      onClose={onClose}
      onDo={() => void retire()}
    >
      <p>
        <AgentText text={name} /> is stopped for good: its questions are withdrawn, its keys prove nobody, and it is not
        started again. What it did stays in the record, and its id stays taken.
      </p>
    </AskingDialog>
  )
}
