/**
 * Which questions are listed: open or settled, whose, and those that hold what is typed.
 *
 * @module
 */
import { useEffect, useRef, useState } from 'react'
import type { Listed } from '../approval/listed.ts'

/** Typing settles before Countersign is asked. */
const pauseMs = 300

export interface FiltersProps {
  readonly listed: Listed
  onChange(listed: Listed): void
}

export const searchBoxId = 'search-questions'

export function Filters({ listed, onChange }: FiltersProps) {
  return (
    <div className="filters">
      <Choice
        label="State"
        value={listed.tab}
        options={{ open: 'Open', settled: 'Settled' }}
        onChange={(tab) => onChange({ ...listed, tab })}
      />
      {listed.tab === 'open' && (
        <Choice
          label="Whose"
          value={listed.whose}
          options={{ mine: 'Mine', groups: 'My groups', all: 'All' }}
          onChange={(whose) => onChange({ ...listed, whose })}
        />
      )}
      <Search value={listed.search} onChange={(search) => onChange({ ...listed, search })} />
    </div>
  )
}

function Search({ value, onChange }: { value: string; onChange(search: string): void }) {
  const [typed, setTyped] = useState(value)
  const [known, setKnown] = useState(value)
  if (value !== known) {
    setKnown(value)
    if (value !== typed.trim()) setTyped(value) // the address was changed elsewhere
  }
  const tell = useRef(onChange)
  useEffect(() => {
    tell.current = onChange
  })
  useEffect(() => {
    const search = typed.trim()
    if (search === value) return undefined
    const timer = setTimeout(() => tell.current(search), search === '' ? 0 : pauseMs)
    return () => clearTimeout(timer)
  }, [typed, value])
  return (
    <input
      id={searchBoxId}
      className="search-box"
      type="search"
      aria-label="Search by agent, person, sentence or data"
      placeholder="Agent, person, sentence, data"
      maxLength={200}
      autoComplete="off"
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur()
        if (event.key !== 'Escape') return
        setTyped('')
        event.currentTarget.blur()
      }}
    />
  )
}

function Choice<Value extends string>(props: {
  label: string
  value: Value
  options: Readonly<Record<Value, string>>
  onChange(value: Value): void
}) {
  return (
    <div className="choice" role="group" aria-label={props.label}>
      {(Object.keys(props.options) as Value[]).map((value) => (
        <button type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)} key={value}>
          {props.options[value]}
        </button>
      ))}
    </div>
  )
}
