import type { AgentView, IssuedKey } from '@countersign/schema'
import { useState } from 'react'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge, Environment } from '../parts/badges.tsx'
import { FactRow } from '../parts/facts.tsx'
import { When } from '../parts/times.tsx'
import { StopDialog } from '../approval/stop-dialog.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { live } from '../window/live.ts'
import { counted } from '../words/words.ts'
import { ChangeDialog } from './change-dialog.tsx'
import { Keys } from './keys.tsx'
import { NewKeyDialog } from './new-key-dialog.tsx'
import { RetireDialog } from './retire-dialog.tsx'
import { StartDialog } from './start-dialog.tsx'
import { useChange } from '../api/use-change.ts'

export function AgentCard({ agent, onIssued }: { agent: AgentView; onIssued(issued: IssuedKey): void }) {
  const { id, name, owner, team, groups, environment, mode, status, lastSeenAt, you, openQuestions } = agent
  const [asking, setAsking] = useState<'stop' | 'start' | 'key' | 'change' | 'retire'>()
  const change = useChange()

  const ask = (what: typeof asking) => {
    change.forget()
    setAsking(what)
  }
  const close = () => setAsking(undefined)
  const send = async (what: 'stop' | 'start', body: object) => {
    if (!(await change.send(`/api/agents/${id}/${what}`, body))) return
    close()
    live.tell(what === 'stop' ? `${name} is stopped.` : `${name} is started again.`, 'good')
  }

  return (
    <li className={`agent-card ${status}`}>
      <header>
        <h2>
          <AgentText text={name} />
        </h2>
        <Badge tone={status === 'active' ? 'good' : 'bad'}>{status}</Badge>
        {mode === 'observe' && <Badge tone="bad">only observed</Badge>}
        <Environment name={environment} />
      </header>
      <dl className="facts">
        <FactRow label="Id">
          <span className="mono">{id}</span>
        </FactRow>
        <FactRow label="Owner">
          <AgentText text={owner.name} />
        </FactRow>
        <FactRow label="Team">
          <AgentText text={team} />
        </FactRow>
        <FactRow label="Groups">
          {groups.length > 0 ? <AgentText text={groups.join(', ')} /> : <span className="soft">none</span>}
        </FactRow>
        <FactRow label="Last seen">
          {lastSeenAt === undefined ? <span className="soft">never</span> : <When at={lastSeenAt} />}
        </FactRow>
        <FactRow label="Keys">
          <Keys agent={agent} onNew={() => ask('key')} />
        </FactRow>
      </dl>
      <footer>
        <Link href={paths.actions({ agent: id })}>Actions</Link>
        <Link href={paths.lineage('agent', id)}>Lineage</Link>
        {openQuestions > 0 && <span className="soft">{counted(openQuestions, 'open question')}</span>}
        {you.mayStop && (
          <button type="button" className="danger" onClick={() => ask('stop')}>
            Stop
          </button>
        )}
        {you.mayStart && (
          <button type="button" onClick={() => ask('start')}>
            Start
          </button>
        )}
        {you.mayChange && (
          <button type="button" onClick={() => ask('change')}>
            Change
          </button>
        )}
        {you.mayRetire && (
          <button type="button" className="danger" onClick={() => ask('retire')}>
            Retire
          </button>
        )}
        {status === 'stopped' && !you.mayStart && (
          <span className="soft">
            Starting takes the role operations, and another person than who stopped or owns it.
          </span>
        )}
      </footer>
      {asking === 'stop' && (
        <StopDialog
          name={name}
          sending={change.sending}
          trouble={change.trouble}
          onClose={close}
          onStop={(because) => void send('stop', because === '' ? {} : { because })}
        />
      )}
      {asking === 'start' && (
        <StartDialog name={name} change={change} onClose={close} onStart={() => void send('start', {})} />
      )}
      {asking === 'change' && <ChangeDialog agent={agent} onClose={close} />}
      {asking === 'retire' && <RetireDialog agent={agent} onClose={close} />}
      {asking === 'key' && (
        <NewKeyDialog
          agent={agent}
          onClose={close}
          onIssued={(issued) => {
            close()
            onIssued(issued)
          }}
        />
      )}
    </li>
  )
}
