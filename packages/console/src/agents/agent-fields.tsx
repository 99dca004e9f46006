import type { AgentList, AgentView, PersonList } from '@countersign/schema'
import { visibleText } from '@countersign/core/visible'
import { type ReactNode, useId } from 'react'
import { useAnswer } from '../api/use-answer.ts'

/** What a form of an agent says, trimmed. */
export const saidIn = (form: FormData) => ({
  word(name: string): string {
    const value = form.get(name)
    return typeof value === 'string' ? value.trim() : ''
  },
  words(name: string): string[] {
    return form.getAll(name).filter((value): value is string => typeof value === 'string')
  },
})

/** Everything of an agent that can be changed later; filled in from `agent`, where there is one already. */
export function AgentFields({ agent }: { agent?: AgentView }) {
  const people = useAnswer<PersonList>('/api/people').value?.items ?? []
  const { teams = [], agentGroups = [] } = useAnswer<AgentList>('/api/agents').value?.known ?? {}
  const owners = people.filter(({ active, id }) => active || id === agent?.owner.id)
  return (
    <>
      <Field name="name" label="Name">
        {(field) => <input {...field} required maxLength={200} defaultValue={agent?.name} />}
      </Field>
      <Field name="owner" label="Owner" hint="Answers for it, and cannot approve for it.">
        {(field) => (
          <Choice
            {...field}
            first="Choose a person"
            chosen={agent?.owner.id}
            from={owners.map(({ id, name, email }) => [id, email === undefined ? name : `${name}, ${email}`])}
          />
        )}
      </Field>
      <Field name="team" label="Team" hint="The group that approves where a policy says agent-team.">
        {(field) => (
          <Choice
            {...field}
            first="Choose a group"
            chosen={agent?.team}
            from={[...new Set([...teams, ...(agent ? [agent.team] : [])])].map((team) => [team, team])}
          />
        )}
      </Field>
      <Groups known={[...new Set([...agentGroups, ...(agent?.groups ?? [])])]} chosen={agent?.groups ?? []} />
      <Field name="environment" label="Environment">
        {(field) => <input {...field} required maxLength={100} defaultValue={agent?.environment ?? 'prod'} />}
      </Field>
    </>
  )
}

function Choice(
  props: FieldNames & {
    first: string
    chosen: string | undefined
    from: readonly (readonly [value: string, text: string])[]
  },
) {
  const { first, chosen, from, ...field } = props
  // Anew once the choices are there: the one that is chosen may be among those that come late.
  return (
    <select {...field} required defaultValue={chosen ?? ''} key={from.length}>
      <option value="" disabled>
        {first}
      </option>
      {from.map(([value, text]) => (
        <option value={value} key={value}>
          {visibleText(text)}
        </option>
      ))}
    </select>
  )
}

function Groups({ known, chosen }: { known: readonly string[]; chosen: readonly string[] }) {
  if (known.length === 0) return null
  return (
    <fieldset className="field choices" key={known.length}>
      <legend>Agent groups, as policies name them</legend>
      {known.map((group) => (
        <label key={group}>
          <input type="checkbox" name="groups" value={group} defaultChecked={chosen.includes(group)} />{' '}
          {visibleText(group)}
        </label>
      ))}
    </fieldset>
  )
}

export interface FieldNames {
  readonly id: string
  readonly name: string
  readonly 'aria-describedby'?: string
}

export function Field(props: { name: string; label: string; hint?: string; children(field: FieldNames): ReactNode }) {
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
