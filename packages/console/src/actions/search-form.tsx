import type { PersonView, Verb } from '@countersign/schema'
import { type SubmitEvent, useId, useState } from 'react'
import { standingWords } from '../words/words.ts'
import { calledIn, dayBegins, dayOf, type Filter, type Filters, pasted } from './filters.ts'

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
const verbs = Object.keys(everyVerb).map((verb) => [verb, verb] as const)
const standings = Object.entries(standingWords).map(([standing, { word }]) => [standing, word] as const)
const risks = [30, 50, 70, 90].map((risk) => [`${risk}`, `${risk}`] as const)
const decisions = [
  ['allow', 'allowed'],
  ['ask', 'asked people'],
  ['deny', 'denied'],
] as const
const typed = ['purpose', 'dataset', 'class', 'environment', 'person', 'signer', 'model', 'operation'] as const
const rare: readonly Filter[] = ['person', 'signer', 'model', 'operation', 'decision']

/** Lists apply at once, what is typed on Enter. Keyed by the search, so that it always shows what is in force. */
export function SearchForm(props: {
  filters: Filters
  agents: ReadonlyMap<string, string>
  /** Whom this person may see named; anyone may be typed. */
  people: readonly PersonView[]
  onChange(filters: Filters): void
}) {
  const { filters, agents, people, onChange } = props
  const known = useId()
  const [more, setMore] = useState(rare.some((name) => filters[name] !== undefined))
  const set = (name: Filter, value: string) => onChange({ ...filters, [name]: value })
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const value = (name: string) => {
      const given = data.get(name)
      return typeof given === 'string' ? given.trim() : ''
    }
    const named = Object.fromEntries(typed.filter((name) => data.has(name)).map((name) => [name, value(name)]))
    onChange({ ...filters, ...named, ...pasted(value('pasted')) })
  }
  const field = (name: (typeof typed)[number], label: string, placeholder: string) => (
    <label>
      {label}
      <input name={name} defaultValue={filters[name]} placeholder={placeholder} maxLength={500} />
    </label>
  )
  const person = (name: 'person' | 'signer', label: string) => (
    <label>
      {label}
      <input
        name={name}
        list={known}
        defaultValue={calledIn(people, filters[name])}
        placeholder="a name or an email address"
        maxLength={500}
        autoComplete="off"
      />
    </label>
  )
  const select = (name: Filter, label: string, options: readonly (readonly [string, string])[]) => (
    <label>
      {label}
      <select value={filters[name] ?? ''} onChange={(event) => set(name, event.target.value)}>
        <option value="">any</option>
        {options.map(([value, words]) => (
          <option value={value} key={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
  return (
    <form className="search" role="search" onSubmit={submit}>
      <label className="wide">
        Words of its purpose
        <input
          id="purpose"
          name="purpose"
          type="search"
          defaultValue={filters.purpose}
          placeholder="billing migration OPS-17"
          maxLength={500}
          autoComplete="off"
        />
      </label>
      {select('agent', 'Agent', [...agents])}
      {select('standing', 'Standing', standings)}
      {select('verb', 'Verb', verbs)}
      {field('dataset', 'Dataset', 'finance.orders')}
      {field('class', 'Class', 'financial')}
      {field('environment', 'Environment', 'prod')}
      {select('risk', 'Risk at least', risks)}
      <label>
        From
        <input
          type="date"
          value={dayOf(filters.from)}
          onChange={(event) => set('from', dayBegins(event.target.value) ?? '')}
        />
      </label>
      <label>
        To
        <input
          type="date"
          value={dayOf(filters.to, 1)}
          onChange={(event) => set('to', dayBegins(event.target.value, 1) ?? '')}
        />
      </label>
      {more && (
        <>
          {select('decision', 'Decision', decisions)}
          {person('person', 'Acted for')}
          {person('signer', 'Approved or rejected by')}
          <datalist id={known}>
            {people.map(({ id, name, email }) => (
              <option value={email ?? name} key={id}>
                {name}
              </option>
            ))}
          </datalist>
          {field('model', 'Model', 'any')}
          {field('operation', 'Operation', 'crm/delete_rows')}
          <label className="wide">
            Id or digest
            <input name="pasted" placeholder="act_…, apr_…, per_… or 64 hex digits" maxLength={500} />
          </label>
        </>
      )}
      <span className="search-buttons">
        <button type="submit">Search</button>
        {!more && (
          <button type="button" className="quiet" onClick={() => setMore(true)}>
            More filters
          </button>
        )}
      </span>
    </form>
  )
}
