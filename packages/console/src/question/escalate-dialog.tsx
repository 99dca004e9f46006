import type { QuestionView } from '@countersign/schema'
import type { Trouble } from '../api/ask.ts'
import { Dialog } from '../parts/dialog.tsx'
import { either } from '../words/words.ts'
import { Refused } from './refused.tsx'

export function EscalateDialog(props: {
  question: QuestionView
  sending: boolean
  trouble: Trouble | undefined
  onClose(): void
  onEscalate(): void
}) {
  const further = props.question.signOffs.flatMap(({ escalation }) =>
    escalation && !escalation.done ? [escalation.to] : [],
  )
  return (
    <Dialog title="Ask further people" onClose={props.onClose}>
      <p>
        <b>{either([...new Set(further)])}</b> may then approve as well. How many people have to approve stays the same,
        and so does the time left.
      </p>
      <Refused trouble={props.trouble} />
      <div className="dialog-buttons">
        <button type="button" className="quiet" onClick={props.onClose}>
          Cancel
        </button>
        <button type="button" className="primary" autoFocus disabled={props.sending} onClick={props.onEscalate}>
          {props.sending ? 'Sending…' : 'Escalate'}
        </button>
      </div>
    </Dialog>
  )
}
