/**
 * Who acts here, who answers for them, and the switch that stops them (P15).
 *
 * @module
 */
import type { AgentList, IssuedKey } from '@countersign/schema'
import { useState } from 'react'
import { useAnswer } from '../api/use-answer.ts'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { AgentCard } from './agent-card.tsx'
import { KeyShown } from './key-shown.tsx'
import { RegisterDialog } from './register-dialog.tsx'

export function Agents() {
  const { value, trouble } = useAnswer<AgentList>('/api/agents')
  const [registering, setRegistering] = useState(false)
  const [issued, setIssued] = useState<IssuedKey>()
  const show = (key: IssuedKey) => {
    setRegistering(false)
    setIssued(key)
  }
  return (
    <>
      <header className="page-head with-button">
        <div>
          <h1>Agents</h1>
          <p className="soft">One person answers for each. Its owner cannot approve for it; its team can.</p>
        </div>
        {value?.you.mayRegister && (
          <button type="button" onClick={() => setRegistering(true)}>
            Register an agent
          </button>
        )}
      </header>
      {trouble && <TroubleNote trouble={trouble} path="/api/agents" />}
      {!value && !trouble && <Loading what="agents" />}
      {value?.items.length === 0 && (
        <Empty title={value.you.mayRegister ? 'No agents yet' : 'No agents that you may see'}>
          <p>
            {value.you.mayRegister
              ? 'An agent is known by its key. Register one, and give it the key that you are shown.'
              : 'You see agents that you own, those of your teams, and all of them with a role.'}
          </p>
        </Empty>
      )}
      {value && value.items.length > 0 && (
        <ul className="agents">
          {value.items.map((agent) => (
            <AgentCard agent={agent} onIssued={show} key={agent.id} />
          ))}
        </ul>
      )}
      {registering && <RegisterDialog onIssued={show} onClose={() => setRegistering(false)} />}
      {issued && <KeyShown issued={issued} onClose={() => setIssued(undefined)} />}
    </>
  )
}
