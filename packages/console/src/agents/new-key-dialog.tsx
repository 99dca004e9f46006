import type { AgentView, IssuedKey } from '@countersign/schema'
import { useId, useState } from 'react'
import { AgentText } from '../parts/agent-text.tsx'
import { AskingDialog } from '../parts/asking-dialog.tsx'
import { useChange } from '../api/use-change.ts'

export function NewKeyDialog(props: { agent: AgentView; onClose(): void; onIssued(issued: IssuedKey): void }) {
  const { id, name } = props.agent
  const [keyDays, setKeyDays] = useState(90)
  const [overlapHours, setOverlapHours] = useState(24)
  const { sending, trouble, send } = useChange()
  const [days, overlap] = [useId(), useId()]
  const issue = async () => {
    const issued = await send<IssuedKey>(`/api/agents/${id}/keys`, { keyDays, overlapHours })
    if (issued) props.onIssued(issued)
  }
  return (
    <AskingDialog
      title="A new key"
      does="Issue it"
      sending={sending}
      trouble={trouble}
      onClose={props.onClose}
      onDo={() => void issue()}
    >
      <p>
        You are shown a key for <AgentText text={name} /> once. Whoever is shown it could act as the agent, so you
        cannot approve for it while the key works.
      </p>
      <label htmlFor={days}>Days until it expires</label>
      <input
        id={days}
        type="number"
        min={1}
        max={365}
        required
        value={keyDays}
        autoFocus
        onChange={(event) => setKeyDays(event.target.valueAsNumber)}
      />
      <label htmlFor={overlap}>Hours that the keys of before still work</label>
      <input
        id={overlap}
        type="number"
        min={0}
        max={168}
        required
        value={overlapHours}
        onChange={(event) => setOverlapHours(event.target.valueAsNumber)}
      />
    </AskingDialog>
  )
}
