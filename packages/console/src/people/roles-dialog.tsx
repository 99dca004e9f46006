import type { PersonView, RoleInput } from '@countersign/schema'
import { useChange } from '../api/use-change.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge } from '../parts/badges.tsx'
import { AskingDialog } from '../parts/asking-dialog.tsx'
import { live } from '../window/live.ts'

/** What each lets a person do. None of them lets anyone approve. */
const says: Readonly<Record<RoleInput['role'], string>> = {
  identity: 'Gives and takes roles; registers agents, issues and revokes their keys.',
  operations: 'Registers, stops and starts agents; reads every record and the state of Countersign.',
  policy: 'Reads every record.',
  auditor: 'Reads every record, people and the state of Countersign. Changes nothing.',
  privacy: 'Reads every record.',
}
const all = Object.keys(says) as RoleInput['role'][]

/** Each change is sent at once: what stands here is how it is. */
export function RolesDialog({ person, onClose }: { person: PersonView; onClose(): void }) {
  const { id, name, roles } = person
  const { sending, trouble, send } = useChange()
  const change = async (input: RoleInput) => {
    if (!(await send<PersonView>(`/api/people/${id}/roles`, input))) return
    live.tell(input.change === 'give' ? `${name} has the role ${input.role}.` : `${name} no longer has it.`, 'good')
  }
  return (
    <AskingDialog title="Roles" leave="Close" sending={sending} trouble={trouble} onClose={onClose}>
      <p>
        What <AgentText text={name} /> may do in Countersign, from the next click on. A role lets nobody approve; every
        change stands in the ledger under your name.
      </p>
      <ul className="roles">
        {all.map((role) => {
          const has = roles.find((each) => each.role === role)
          return (
            <li key={role}>
              <div>
                <b>{role}</b> {has?.given && <Badge tone="good">given</Badge>}
                {has && has.groups.length > 0 && <Badge tone="calm">through {has.groups.join(', ')}</Badge>}
                <p className="soft">{says[role]}</p>
              </div>
              <button
                type="button"
                className={has?.given ? 'danger' : ''}
                disabled={sending}
                onClick={() => void change({ role, change: has?.given ? 'take' : 'give' })}
              >
                {has?.given ? 'Take' : 'Give'}
                <span className="aloud"> the role {role}</span>
              </button>
            </li>
          )
        })}
      </ul>
    </AskingDialog>
  )
}
