import { withSearch } from '../route.ts'

const known = [
  'agent',
  'person',
  'dataset',
  'model',
  'verb',
  'environment',
  'decision',
  'outcome',
  'purpose',
  'from',
  'to',
] as const

/** What the address asks for; names that the server does not know are not sent to it. */
export function filtersOf(search: string): Readonly<Record<string, string>> {
  const given = new URLSearchParams(search)
  return Object.fromEntries(known.flatMap((name) => (given.get(name) ? [[name, given.get(name) ?? '']] : [])))
}

export const pathOf = (filters: Readonly<Record<string, string>>): string =>
  withSearch('/api/actions', { limit: '50', ...filters })
