/**
 * Who acts here, who answers for them, and the switch that stops them (P15).
 *
 * @module
 */
import type { AgentList, AgentView } from '@countersign/schema'
import { useState } from 'react'
import { post, type Trouble } from '../api/ask.ts'
import { useAnswer, useAnswers } from '../api/use-answer.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge, Environment } from '../parts/badges.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { FactRow } from '../parts/facts.tsx'
import { useSlowNow } from '../parts/now.ts'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { When } from '../parts/times.tsx'
import { Refused } from '../question/refused.tsx'
import { StopDialog } from '../question/stop-dialog.tsx'
import { paths } from '../route.ts'
import { Link } from '../shell/link.tsx'
import { live } from '../shell/live.ts'
import { counted } from '../words/words.ts'
import { lastExpiry } from './expiry.ts'

export function Agents() {
  const { value, trouble } = useAnswer<AgentList>('/api/agents')
  return (
    <>
      <header className="page-head">
        <h1>Agents</h1>
        <p className="soft">One person answers for each. Its owner cannot sign for it; its team can.</p>
      </header>
      {trouble && <TroubleNote trouble={trouble} path="/api/agents" />}
      {value ? (
        value.items.length === 0 ? (
          <Empty title="No agents that you may see">
            <p>You see agents that you own, those of your teams, and all of them with a role.</p>
          </Empty>
        ) : (
          <ul className="agents">
            {value.items.map((agent) => (
              <AgentCard agent={agent} key={agent.id} />
            ))}
          </ul>
        )
      ) : (
        !trouble && <Loading what="agents" />
      )}
    </>
  )
}

function AgentCard({ agent }: { agent: AgentView }) {
  const { id, name, owner, team, groups, environment, mode, status, you, openQuestions } = agent
  const [asking, setAsking] = useState<'stop' | 'start'>()
  const [sending, setSending] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  const answers = useAnswers()

  const send = async (what: 'stop' | 'start', body: object) => {
    setSending(true)
    const reply = await post(`/api/agents/${id}/${what}`, body)
    setSending(false)
    if (!reply.ok) return setTrouble(reply.trouble)
    setAsking(undefined)
    live.tell(what === 'stop' ? `${name} is stopped.` : `${name} is started again.`, 'good')
    answers.stale((path) => path.startsWith('/api/agents') || path.startsWith('/api/approvals'))
  }
  const ask = (what: 'stop' | 'start') => {
    setTrouble(undefined)
    setAsking(what)
  }
  const close = () => setAsking(undefined)

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
        <FactRow label="Keys">
          <Keys keys={agent.keys} />
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
        {status === 'stopped' && !you.mayStart && (
          <span className="soft">
            Starting takes the role operations, and another person than who stopped or owns it.
          </span>
        )}
      </footer>
      {asking === 'stop' && (
        <StopDialog
          name={name}
          sending={sending}
          trouble={trouble}
          onClose={close}
          onStop={(because) => void send('stop', because === '' ? {} : { because })}
        />
      )}
      {asking === 'start' && (
        <Dialog title="Start this agent again" onClose={close}>
          <p>
            From then on <AgentText text={name} /> is permitted what policy and people allow. Grants that were voided
            stay void.
          </p>
          <Refused trouble={trouble} />
          <div className="dialog-buttons">
            <button type="button" className="quiet" onClick={close}>
              Cancel
            </button>
            <button
              type="button"
              className="primary"
              autoFocus
              disabled={sending}
              onClick={() => void send('start', {})}
            >
              {sending ? 'Sending…' : 'Start it'}
            </button>
          </div>
        </Dialog>
      )}
    </li>
  )
}

function Keys({ keys }: { keys: AgentView['keys'] }) {
  const now = useSlowNow()
  const last = lastExpiry(keys, now)
  if (last === undefined) return <span className="warn-text">none that works</span>
  return (
    <>
      {counted(keys.filter(({ state }) => state === 'active').length, 'key')}, the last one expires{' '}
      <span className={last.soon ? 'warn-text' : ''}>
        <When at={last.at} />
      </span>
    </>
  )
}
