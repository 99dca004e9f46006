/**
 * The record, searched.
 *
 * @module
 */
import type { ActionSummary, AgentList, Verb } from '@countersign/schema'
import { type SubmitEvent, useState } from 'react'
import { useAnswer, usePages } from '../api/use-answer.ts'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { paths, withSearch } from '../route.ts'
import { restate } from '../shell/place.ts'
import { ActionList } from './action-list.tsx'
import { filtersOf, pathOf } from './filters.ts'

/** A verb that is missing here does not compile. */
const everyVerb: Readonly<Record<Verb, true>> = {
  'data.read': true,
  'data.write': true,
  'data.export': true,
  'schema.change': true,
  'iam.grant': true,
  'infra.change': true,
  'model.invoke': true,
  'model.train': true,
  'model.deploy': true,
  'file.read': true,
  'file.write': true,
  'tool.call': true,
  'http.call': true,
  'shell.exec': true,
}
const verbs = Object.keys(everyVerb)

export function Actions({ search }: { search: string }) {
  const [count, setCount] = useState(1)
  const filters = filtersOf(search)
  const { items, at, trouble, more } = usePages<ActionSummary>(pathOf(filters), count)
  const filtered = Object.keys(filters).length > 0
  const change = (next: Readonly<Record<string, string>>) => {
    setCount(1)
    restate(paths.actions(next))
  }
  return (
    <>
      <header className="page-head">
        <h1>Actions</h1>
        <p className="soft">Everything agents did, tried or were refused, as far as it concerns you.</p>
      </header>
      <Filters filters={filters} onChange={change} key={search} />
      {trouble && <TroubleNote trouble={trouble} path="/api/actions" />}
      {at === undefined ? (
        !trouble && <Loading what="actions" />
      ) : items.length === 0 && !more ? (
        <Empty title={filtered ? 'Nothing matches' : 'No actions yet'}>
          {filtered ? (
            <button type="button" className="quiet" onClick={() => change({})}>
              Clear the filters
            </button>
          ) : (
            <p>As soon as an agent sends something through a gateway, it stands here, allowed or not.</p>
          )}
        </Empty>
      ) : (
        <ActionList actions={items} />
      )}
      {more && (
        <button type="button" className="quiet more" onClick={() => setCount(count + 1)}>
          Show more
        </button>
      )}
    </>
  )
}

function Filters(props: {
  filters: Readonly<Record<string, string>>
  onChange(filters: Readonly<Record<string, string>>): void
}) {
  const { filters, onChange } = props
  const agents = useAnswer<AgentList>('/api/agents').value?.items ?? []
  const set = (name: string, value: string) => onChange({ ...filters, [name]: value })
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const typed = (name: string) => {
      const value = data.get(name)
      return typeof value === 'string' ? value.trim() : ''
    }
    onChange({ ...filters, dataset: typed('dataset'), model: typed('model'), purpose: typed('purpose') })
  }
  return (
    <form className="search" role="search" onSubmit={submit}>
      <Select
        label="Agent"
        value={filters['agent']}
        options={agents.map(({ id, name }) => [id, name])}
        onChange={(value) => set('agent', value)}
      />
      <Select
        label="Verb"
        value={filters['verb']}
        options={verbs.map((verb) => [verb, verb])}
        onChange={(value) => set('verb', value)}
      />
      <Select
        label="Decision"
        value={filters['decision']}
        options={[
          ['allow', 'allowed'],
          ['ask', 'asked people'],
          ['deny', 'denied'],
        ]}
        onChange={(value) => set('decision', value)}
      />
      <Select
        label="Outcome"
        value={filters['outcome']}
        options={[
          ['done', 'ran'],
          ['failed', 'failed'],
          ['unknown', 'unknown'],
        ]}
        onChange={(value) => set('outcome', value)}
      />
      <label>
        Dataset
        <input name="dataset" defaultValue={filters['dataset']} placeholder="finance.orders" maxLength={500} />
      </label>
      <label>
        Model
        <input name="model" defaultValue={filters['model']} placeholder="any" maxLength={500} />
      </label>
      <label>
        Purpose
        <input name="purpose" defaultValue={filters['purpose']} placeholder="billing" maxLength={500} />
      </label>
      <button type="submit">Search</button>
      {Object.keys(filters).length > 0 && (
        <a className="button quiet" href={withSearch('/actions', {})}>
          Clear
        </a>
      )}
    </form>
  )
}

function Select(props: {
  label: string
  value: string | undefined
  options: readonly (readonly [string, string])[]
  onChange(value: string): void
}) {
  return (
    <label>
      {props.label}
      <select value={props.value ?? ''} onChange={(event) => props.onChange(event.target.value)}>
        <option value="">any</option>
        {props.options.map(([value, words]) => (
          <option value={value} key={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
}
