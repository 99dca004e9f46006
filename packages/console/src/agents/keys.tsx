import type { AgentView } from '@countersign/schema'
import { useState } from 'react'
import { Badge } from '../parts/badges.tsx'
import { AskingDialog } from '../parts/asking-dialog.tsx'
import { useSlowNow } from '../window/now.ts'
import { When } from '../parts/times.tsx'
import { live } from '../window/live.ts'
import { counted } from '../words/words.ts'
import { lastExpiry } from './expiry.ts'
import { useChange } from '../api/use-change.ts'

const tones = { active: 'good', expired: 'calm', revoked: 'bad' } as const

/** How long the agent can still prove itself; each key, and what can be done about it. */
export function Keys({ agent, onNew }: { agent: AgentView; onNew(): void }) {
  const { keys, you } = agent
  const now = useSlowNow()
  const [revoking, setRevoking] = useState<string>()
  const last = lastExpiry(keys, now)
  const active = keys.filter(({ state }) => state === 'active').length
  return (
    <details className="keys">
      <summary>
        {last === undefined ? (
          <span className="bad-text">none that works</span>
        ) : (
          <>
            {counted(active, 'key')}, the last one expires{' '}
            <span className={last.soon ? 'warn-text' : ''}>
              <When at={last.at} />
            </span>
          </>
        )}
      </summary>
      <ul>
        {keys.toReversed().map(({ id, state, createdAt, expiresAt }) => (
          <li key={id}>
            <span className="mono">…{id.slice(-6)}</span> <Badge tone={tones[state]}>{state}</Badge>{' '}
            <span className="soft">
              made <When at={createdAt} />
              {state === 'active' && (
                <>
                  , expires <When at={expiresAt} />
                </>
              )}
            </span>
            {you.mayChange && state === 'active' && (
              <button type="button" className="danger" onClick={() => setRevoking(id)}>
                Revoke <span className="aloud">the key that ends in {id.slice(-6)}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      {you.mayChange && (
        <button type="button" onClick={onNew}>
          New key
        </button>
      )}
      {revoking !== undefined && (
        <RevokeDialog agent={agent} id={revoking} left={active - 1} onClose={() => setRevoking(undefined)} />
      )}
    </details>
  )
}

function RevokeDialog(props: { agent: AgentView; id: string; left: number; onClose(): void }) {
  const { agent, id, left, onClose } = props
  const { sending, trouble, send } = useChange()
  const revoke = async () => {
    if (!(await send(`/api/agents/${agent.id}/keys/${id}/revoke`, {}))) return
    live.tell(`A key of ${agent.name} is revoked.`, 'good')
    onClose()
  }
  return (
    <AskingDialog
      title="Revoke this key"
      does="Revoke it"
      looks="harm"
      focus="leave"
      sending={sending}
      trouble={trouble}
      onClose={onClose}
      onDo={() => void revoke()}
    >
      <p>
        The key that ends in <span className="mono">{id.slice(-6)}</span> proves nobody from then on, at every instance.
        This cannot be taken back.
      </p>
      <p className={left === 0 ? 'bad-text' : 'soft'}>
        {left === 0
          ? 'It is the last one that works: the agent cannot come in until it is given a new one.'
          : `${counted(left, 'other key')} still ${left === 1 ? 'works' : 'work'}.`}
      </p>
    </AskingDialog>
  )
}
