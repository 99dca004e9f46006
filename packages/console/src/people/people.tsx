/**
 * Who came in, what they may do here, and giving others a part in running this deployment.
 *
 * @module
 */
import type { PersonList, PersonView } from '@countersign/schema'
import { useState } from 'react'
import { useAnswer } from '../api/use-answer.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Badge } from '../parts/badges.tsx'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { When } from '../parts/times.tsx'
import { AccessDialog } from './access-dialog.tsx'
import { RolesDialog } from './roles-dialog.tsx'

export function People() {
  const { value, trouble } = useAnswer<PersonList>('/api/people')
  const [open, setOpen] = useState<{ id: string; dialog: 'roles' | 'access' }>()
  const shown = value?.items.find(({ id }) => id === open?.id)
  return (
    <>
      <header className="page-head">
        <h1>People</h1>
        <p className="soft">
          As the identity provider names them. Groups say who approves; roles say who runs Countersign, and let nobody
          approve.
        </p>
      </header>
      {trouble && <TroubleNote trouble={trouble} path="/api/people" />}
      {!value && !trouble && <Loading what="people" />}
      {value?.items.length === 0 && (
        <Empty title="Nobody has signed in yet">
          <p>People appear here when they first come in.</p>
        </Empty>
      )}
      {value && value.items.length > 0 && (
        <ul className="people">
          {value.items.map((person) => (
            <Person person={person} onOpen={(dialog) => setOpen({ id: person.id, dialog })} key={person.id} />
          ))}
        </ul>
      )}
      {shown && open?.dialog === 'roles' && <RolesDialog person={shown} onClose={() => setOpen(undefined)} />}
      {shown && open?.dialog === 'access' && <AccessDialog person={shown} onClose={() => setOpen(undefined)} />}
    </>
  )
}

function Person({ person, onOpen }: { person: PersonView; onOpen(dialog: 'roles' | 'access'): void }) {
  const {
    name,
    email,
    issuer,
    subject,
    active,
    local,
    groups,
    groupsAsOf,
    groupsTrouble,
    signedInAt,
    roles,
    agents,
    you,
  } = person
  return (
    <li className={active ? 'person' : 'person gone'}>
      <div className="person-name">
        <h2>
          <AgentText text={name} />
        </h2>
        {you.same && <span className="chip">you</span>}
        {!active && <Badge tone="bad">switched off</Badge>}
        {local && <Badge tone="warn">local</Badge>}
        <p className="soft" title={`${subject} at ${issuer}`}>
          <AgentText text={email ?? `${subject} at ${issuer}`} />
        </p>
      </div>
      <div className="person-part">
        <h3>Groups</h3>
        {groups.length > 0 ? (
          <span className="chips">
            {groups.map((group) => (
              <span className="chip" key={group}>
                <AgentText text={group} />
              </span>
            ))}
          </span>
        ) : (
          <span className="soft">none</span>
        )}
        <p className="soft">
          as of <When at={groupsAsOf} />
        </p>
        {groupsTrouble !== undefined && (
          <p className="trouble">
            groups could not be read: <AgentText text={groupsTrouble} />
          </p>
        )}
      </div>
      <div className="person-part">
        <h3>Roles</h3>
        {roles.length > 0 ? (
          <span className="chips">
            {roles.map(({ role, given, groups: through }) => (
              <span className="chip" key={role} title={given ? 'given' : `through ${through.join(', ')}`}>
                {role}
                {!given && <span className="soft"> by group</span>}
              </span>
            ))}
          </span>
        ) : (
          <span className="soft">none</span>
        )}
      </div>
      <div className="person-part">
        <h3>Last signed in</h3>
        {signedInAt === undefined ? <span className="soft">never</span> : <When at={signedInAt} />}
        {agents.length > 0 && (
          <p className="soft">
            answers for <AgentText text={agents.map((agent) => agent.name).join(', ')} />
          </p>
        )}
      </div>
      <div className="person-buttons">
        {you.mayChangeRoles && active && (
          <button type="button" onClick={() => onOpen('roles')}>
            Roles<span className="aloud"> of {name}</span>
          </button>
        )}
        {you.mayEndSessions && (
          <button type="button" onClick={() => onOpen('access')}>
            Access<span className="aloud"> of {name}</span>
          </button>
        )}
      </div>
    </li>
  )
}
