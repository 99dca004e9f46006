import type { AgentView } from '@countersign/schema'
import { AskingDialog } from '../parts/asking-dialog.tsx'
import { live } from '../window/live.ts'
import { useChange } from '../api/use-change.ts'
import { AgentFields, saidIn } from './agent-fields.tsx'

/** Everything of an agent but its id. Whoever changes it cannot approve for it any more (P3). */
export function ChangeDialog({ agent, onClose }: { agent: AgentView; onClose(): void }) {
  const { sending, trouble, send } = useChange()
  const change = async (said: FormData) => {
    const { word, words } = saidIn(said)
    const wish = {
      name: word('name'),
      owner: word('owner'),
      team: word('team'),
      groups: words('groups'),
      environment: word('environment'),
    }
    if (!(await send(`/api/agents/${agent.id}/change`, wish))) return
    live.tell(`${wish.name} is changed.`, 'good')
    onClose()
  }
  return (
    <AskingDialog
      title={`Change ${agent.id}`}
      does="Change it"
      sending={sending}
      trouble={trouble}
      onClose={onClose}
      onDo={(said) => void change(said)}
    >
      <p>Its id stays. You cannot approve for it afterwards: nobody approves their own.</p>
      <AgentFields agent={agent} />
    </AskingDialog>
  )
}
