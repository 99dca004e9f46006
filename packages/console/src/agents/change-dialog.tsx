import type { AgentView } from '@countersign/schema'
import type { SubmitEvent } from 'react'
import { Dialog } from '../parts/dialog.tsx'
import { Refused } from '../question/refused.tsx'
import { live } from '../shell/live.ts'
import { useChange } from '../api/use-change.ts'
import { AgentFields, saidIn } from './agent-fields.tsx'

/** Everything of an agent but its id. Whoever changes it cannot approve for it any more (P3). */
export function ChangeDialog({ agent, onClose }: { agent: AgentView; onClose(): void }) {
  const { sending, trouble, send } = useChange()
  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const { word, words } = saidIn(new FormData(event.currentTarget))
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
    <Dialog title={`Change ${agent.id}`} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <p>Its id stays. You cannot approve for it afterwards: nobody approves their own.</p>
        <AgentFields agent={agent} />
        <Refused trouble={trouble} />
        <div className="dialog-buttons">
          <button type="button" className="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={sending}>
            {sending ? 'Sending…' : 'Change it'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
