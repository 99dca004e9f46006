/**
 * What is said to be yours, and counts for nothing until you have said so: accounts at chat providers that somebody linked to
 * you.
 *
 * @module
 */
import type { Me } from '@countersign/schema'
import { useAnswers } from '../api/use-answer.ts'
import { useChange } from '../api/use-change.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Refused } from '../parts/refused.tsx'
import { When } from '../parts/times.tsx'

export function OwnAccounts({ me }: { me: Me }) {
  const { sending, trouble, send } = useChange()
  const answers = useAnswers()
  const say = async (account: Me['unconfirmed'][number], change: 'confirm' | 'refuse') => {
    const { provider, id } = account
    await send('/api/me/accounts', { provider, id, change })
    answers.stale((each) => each === '/api/me')
  }
  return me.unconfirmed.map((account) => (
    <section
      className="trouble"
      key={`${account.provider} ${account.id}`}
      aria-label={`Is ${account.id} at ${account.provider} yours?`}
    >
      <p>
        <AgentText text={account.linkedBy.name} /> says that the account{' '}
        <span className="mono">
          <AgentText text={account.id} />
        </span>{' '}
        at{' '}
        <span className="mono">
          <AgentText text={account.provider} />
        </span>{' '}
        is yours (<When at={account.linkedAt} />
        ). If you confirm it, whoever holds that account approves in your name.
      </p>
      <div>
        <button type="button" disabled={sending} onClick={() => void say(account, 'confirm')}>
          It is mine
        </button>
        <button type="button" disabled={sending} onClick={() => void say(account, 'refuse')}>
          It is not
        </button>
      </div>
      {trouble && <Refused trouble={trouble} />}
    </section>
  ))
}
