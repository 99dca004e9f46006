import { AgentText } from '../parts/agent-text.tsx'
import { AskingDialog } from '../parts/asking-dialog.tsx'
import type { Change } from '../api/use-change.ts'

export function StartDialog(props: { name: string; change: Change; onClose(): void; onStart(): void }) {
  const { sending, trouble } = props.change
  return (
    <AskingDialog
      title="Start this agent again"
      does="Start it"
      focus="does"
      sending={sending}
      trouble={trouble}
      onClose={props.onClose}
      onDo={props.onStart}
    >
      <p>
        From then on <AgentText text={props.name} /> is permitted what policy and people allow. Approvals that were
        voided stay void.
      </p>
    </AskingDialog>
  )
}
