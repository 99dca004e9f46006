import type { IssuedKey, PersonList } from '@countersign/schema'
import { type ReactNode, type SubmitEvent, useId } from 'react'
import { useAnswer } from '../api/use-answer.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Refused } from '../question/refused.tsx'
import { visibleText } from '@countersign/core/visible'
import { useChange } from '../api/use-change.ts'

const words = (text: string) => text.split(/[\s,]+/).filter((word) => word !== '')

export function RegisterDialog({ onClose, onIssued }: { onClose(): void; onIssued(issued: IssuedKey): void }) {
  const people = useAnswer<PersonList>('/api/people').value?.items ?? []
  const { sending, trouble, send } = useChange()
  const groups = [...new Set(people.flatMap((person) => person.groups))].toSorted()
  const teams = useId()

  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const said = (name: string) => {
      const value = form.get(name)
      return typeof value === 'string' ? value.trim() : ''
    }
    const issued = await send<IssuedKey>('/api/agents', {
      id: said('id'),
      name: said('name'),
      owner: said('owner'),
      team: said('team'),
      groups: words(said('groups')),
      environment: said('environment'),
      keyDays: Number(said('keyDays')),
    })
    if (issued) onIssued(issued)
  }

  return (
    <Dialog title="Register an agent" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <Field name="id" label="Id" hint="Small letters, digits and dashes. It stands in the ledger for good.">
          {(field) => (
            <input {...field} required autoFocus maxLength={63} pattern="[a-z0-9][a-z0-9\-]*" autoComplete="off" />
          )}
        </Field>
        <Field name="name" label="Name">
          {(field) => <input {...field} required maxLength={200} />}
        </Field>
        <Field name="owner" label="Owner" hint="Answers for it, and cannot sign for it.">
          {(field) => (
            <select {...field} required defaultValue="">
              <option value="" disabled>
                Choose a person
              </option>
              {people
                .filter(({ active }) => active)
                .map(({ id, name, email }) => (
                  <option value={id} key={id}>
                    {visibleText(email === undefined ? name : `${name}, ${email}`)}
                  </option>
                ))}
            </select>
          )}
        </Field>
        <Field name="team" label="Team" hint="The group that signs where a policy says agent-team.">
          {(field) => <input {...field} required maxLength={200} list={teams} />}
        </Field>
        <datalist id={teams}>
          {groups.map((group) => (
            <option value={group} key={group} />
          ))}
        </datalist>
        <Field name="groups" label="Agent groups (optional)" hint="As policies name them, with spaces between.">
          {(field) => <input {...field} maxLength={1000} />}
        </Field>
        <div className="side-by-side">
          <Field name="environment" label="Environment">
            {(field) => <input {...field} required maxLength={100} defaultValue="prod" />}
          </Field>
          <Field name="keyDays" label="Days until its key expires">
            {(field) => <input {...field} type="number" required min={1} max={365} defaultValue={90} />}
          </Field>
        </div>
        <Refused trouble={trouble} />
        <div className="dialog-buttons">
          <button type="button" className="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={sending}>
            {sending ? 'Sending…' : 'Register it'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

interface FieldNames {
  readonly id: string
  readonly name: string
  readonly 'aria-describedby'?: string
}

function Field(props: { name: string; label: string; hint?: string; children(field: FieldNames): ReactNode }) {
  const [id, hint] = [useId(), useId()]
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      {props.children({ id, name: props.name, ...(props.hint !== undefined && { 'aria-describedby': hint }) })}
      {props.hint !== undefined && (
        <small className="soft" id={hint}>
          {props.hint}
        </small>
      )}
    </div>
  )
}
