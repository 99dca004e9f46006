import type { IssuedKey } from '@countersign/schema'
import type { SubmitEvent } from 'react'
import { Dialog } from '../parts/dialog.tsx'
import { Refused } from '../question/refused.tsx'
import { useChange } from '../api/use-change.ts'
import { AgentFields, Field, saidIn } from './agent-fields.tsx'

export function RegisterDialog({ onClose, onIssued }: { onClose(): void; onIssued(issued: IssuedKey): void }) {
  const { sending, trouble, send } = useChange()

  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const { word, words } = saidIn(new FormData(event.currentTarget))
    const issued = await send<IssuedKey>('/api/agents', {
      id: word('id'),
      name: word('name'),
      owner: word('owner'),
      team: word('team'),
      groups: words('groups'),
      environment: word('environment'),
      keyDays: Number(word('keyDays')),
    })
    if (issued) onIssued(issued)
  }

  return (
    <Dialog title="Register an agent" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <Field name="id" label="Id" hint="Small letters, digits and dashes. It stands in the ledger for good.">
          {(field) => (
            <input {...field} required autoFocus maxLength={63} pattern="[a-z0-9][a-z0-9\-]*" autoComplete="off" />
          )}
        </Field>
        <AgentFields />
        <Field name="keyDays" label="Days until its key expires">
          {(field) => <input {...field} type="number" required min={1} max={365} defaultValue={90} />}
        </Field>
        <Refused trouble={trouble} />
        <div className="dialog-buttons">
          <button type="button" className="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={sending}>
            {sending ? 'Sending…' : 'Register it'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
