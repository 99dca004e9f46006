import type { IssuedKey } from '@countersign/schema'
import { AskingDialog } from '../parts/asking-dialog.tsx'
import { useChange } from '../api/use-change.ts'
import { AgentFields, Field, saidIn } from './agent-fields.tsx'

export function RegisterDialog({ onClose, onIssued }: { onClose(): void; onIssued(issued: IssuedKey): void }) {
  const { sending, trouble, send } = useChange()

  const register = async (said: FormData) => {
    const { word, words } = saidIn(said)
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
    <AskingDialog
      title="Register an agent"
      does="Register it"
      sending={sending}
      trouble={trouble}
      onClose={onClose}
      onDo={(said) => void register(said)}
    >
      <Field name="id" label="Id" hint="Small letters, digits and dashes. It stands in the ledger for good.">
        {(field) => (
          <input {...field} required autoFocus maxLength={63} pattern="[a-z0-9][a-z0-9\-]*" autoComplete="off" />
        )}
      </Field>
      <AgentFields />
      <Field name="keyDays" label="Days until its key expires">
        {(field) => <input {...field} type="number" required min={1} max={365} defaultValue={90} />}
      </Field>
    </AskingDialog>
  )
}
