import type { PersonView } from '@countersign/schema'
import { withSearch } from '../route.ts'

/** Every filter of the search, as people call it, in the order in which they stand. */
export const filterWords = {
  purpose: 'Purpose',
  agent: 'Agent',
  standing: 'Standing',
  verb: 'Verb',
  dataset: 'Dataset',
  class: 'Class',
  environment: 'Environment',
  risk: 'Risk at least',
  from: 'From',
  to: 'Before',
  person: 'Acted for',
  signer: 'Approved or rejected by',
  model: 'Model',
  operation: 'Operation',
  decision: 'Decision',
  outcome: 'Outcome',
  approval: 'Question',
  digest: 'Digest',
  id: 'Id',
} as const

export type Filter = keyof typeof filterWords
export type Filters = Readonly<Partial<Record<Filter, string>>>

const known = Object.keys(filterWords) as Filter[]

/** What the address asks for; names that the server does not know are not sent to it. */
export function filtersOf(search: string): Filters {
  const given = new URLSearchParams(search)
  return Object.fromEntries(known.flatMap((name) => (given.get(name) ? [[name, given.get(name) ?? '']] : [])))
}

export const pathOf = (filters: Filters): string => withSearch('/api/actions', { limit: '50', ...filters })

export const exportPath = (format: 'csv' | 'json', filters: Filters): string =>
  withSearch('/api/actions/export', { format, ...filters })

export const without = (filters: Filters, name: Filter): Filters =>
  Object.fromEntries(Object.entries(filters).filter(([each]) => each !== name))

/** An id or a digest that someone pasted, as the filter it is; anything else is none. */
export function pasted(text: string): Filters | undefined {
  if (/^act_[0-9A-Za-z-]{1,64}$/.test(text)) return { id: text }
  if (/^apr_[0-9A-Za-z-]{1,64}$/.test(text)) return { approval: text }
  if (/^per_[0-9A-Za-z-]{1,64}$/.test(text)) return { person: text }
  return /^[0-9a-f]{64}$/.test(text) ? { digest: text } : undefined
}

/** What a person whom a filter names is called, where that is known. */
export function calledIn(people: readonly PersonView[], given: string | undefined): string | undefined {
  const person = people.find(({ id }) => id === given)
  return person ? (person.email ?? person.name) : given
}

/** A day of this browser's calendar as the moment it begins at, or the one after it does. */
export function dayBegins(day: string, daysLater = 0): string | undefined {
  const [year, month, date] = day.split('-').map(Number)
  if (!year || !month || !date) return undefined
  return new Date(year, month - 1, date + daysLater).toISOString()
}

/** The day at whose beginning a moment stands, or the one before that. */
export function dayOf(moment: string | undefined, daysEarlier = 0): string {
  if (moment === undefined || Number.isNaN(Date.parse(moment))) return ''
  const at = new Date(moment)
  const day = new Date(at.getFullYear(), at.getMonth(), at.getDate() - daysEarlier)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`
}
