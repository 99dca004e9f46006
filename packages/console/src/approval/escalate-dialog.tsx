import type { ApprovalView } from '@countersign/schema'
import type { Trouble } from '../api/ask.ts'
import { AskingDialog } from '../parts/asking-dialog.tsx'
import { either } from '../words/words.ts'

export function EscalateDialog(props: {
  question: ApprovalView
  sending: boolean
  trouble: Trouble | undefined
  onClose(): void
  onEscalate(): void
}) {
  const further = props.question.signOffs.flatMap(({ escalation }) =>
    escalation && !escalation.done ? [escalation.to] : [],
  )
  return (
    <AskingDialog
      title="Ask further people"
      does="Escalate"
      focus="does"
      sending={props.sending}
      trouble={props.trouble}
      onClose={props.onClose}
      onDo={props.onEscalate}
    >
      <p>
        <b>{either([...new Set(further)])}</b> may then approve as well. How many people have to approve stays the same,
        and so does the time left.
      </p>
    </AskingDialog>
  )
}
