import type { PersonView } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { standingWords } from '../words/words.ts'
import { dayOf, type Filter, type Filters, filterWords } from './filters.ts'

/** What the list is narrowed by, each to be taken away again. */
export function Chosen({ filters, names, people, drop }: Props) {
  const chosen = Object.entries(filters) as [Filter, string][]
  if (chosen.length === 0) return null
  return (
    <ul className="chosen" aria-label="Filters in force">
      {chosen.map(([name, value]) => (
        <li key={name}>
          <span>
            <span className="soft">{filterWords[name]}:</span> <AgentText text={wordsOf(name, value, names, people)} />
          </span>
          <button type="button" onClick={() => drop(name)} aria-label={`Take away ${filterWords[name]}`}>
            ×
          </button>
        </li>
      ))}
    </ul>
  )
}

interface Props {
  filters: Filters
  /** Of agents, by id. */
  names: ReadonlyMap<string, string>
  people: readonly PersonView[]
  drop(name: Filter): void
}

function wordsOf(
  name: Filter,
  value: string,
  names: ReadonlyMap<string, string>,
  people: readonly PersonView[],
): string {
  if (name === 'person' || name === 'signer') return people.find(({ id }) => id === value)?.name ?? value
  if (name === 'agent') return names.get(value) ?? value
  if (name === 'from' || name === 'to') return dayOf(value) || value
  if (name === 'standing' && value in standingWords) return standingWords[value as keyof typeof standingWords].word
  return value
}
