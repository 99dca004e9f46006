import type { PersonView } from '@countersign/schema'
import { useChange } from '../api/use-change.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { AskingDialog } from '../parts/asking-dialog.tsx'
import { live } from '../window/live.ts'

/** Ending a person's sessions, and switching them off and on. Each is sent at once, and stands in the ledger. */
export function AccessDialog({ person, onClose }: { person: PersonView; onClose(): void }) {
  const { id, name, active, you } = person
  const { sending, trouble, send } = useChange()
  const change = async (path: string, body: object, done: string) => {
    if (!(await send<PersonView>(`/api/people/${id}/${path}`, body))) return
    live.tell(done, 'good')
    onClose()
  }
  const switching = you.maySwitch && (
    <button
      type="button"
      className={active ? 'danger' : ''}
      disabled={sending}
      onClick={() =>
        void change('activity', { active: !active }, active ? `${name} is switched off.` : `${name} may come in again.`)
      }
    >
      {active ? 'Switch off' : 'Switch on again'}
    </button>
  )
  return (
    <AskingDialog
      title="Access"
      does={you.same ? 'End my other sessions' : 'End all sessions'}
      further={switching}
      sending={sending}
      trouble={trouble}
      onClose={onClose}
      onDo={() =>
        void change(
          'end-sessions',
          {},
          you.same ? 'Your other sessions are over.' : `${name} is signed out everywhere.`,
        )
      }
    >
      <p>
        {you.same ? (
          'Your other sessions end, this one stays.'
        ) : (
          <AgentText text={`${name} is signed out everywhere.`} />
        )}{' '}
        It counts at once, and stands in the ledger under your name.
      </p>
      {you.maySwitch && active && (
        <p className="soft">
          Whoever is switched off is signed out, cannot sign in and approves nothing, until switched on again.
        </p>
      )}
    </AskingDialog>
  )
}
