/**
 * The console's places, and their paths.
 *
 * @module
 */
export type Route =
  | { readonly page: 'inbox'; readonly search: string }
  | { readonly page: 'question'; readonly id: string }
  | { readonly page: 'actions'; readonly search: string }
  | { readonly page: 'action'; readonly id: string }
  | { readonly page: 'lineage'; readonly search: string }
  | { readonly page: 'ledger' }
  | { readonly page: 'agents' }
  | { readonly page: 'tools' }
  | { readonly page: 'people' }
  | { readonly page: 'system' }
  | { readonly page: 'policies'; readonly search: string }
  | { readonly page: 'nowhere' }

export type Page = Route['page']

/** Ids are minted by Countersign; anything else is no place of ours. */
const id = /^[a-z]{3}_[0-9A-Za-z-]{1,64}$/

export function routeOf(pathname: string, search = ''): Route {
  const [first = '', second, ...rest] = pathname.replace(/^\/+|\/+$/g, '').split('/')
  if (rest.length > 0) return { page: 'nowhere' }
  if (second !== undefined) {
    if (!id.test(second)) return { page: 'nowhere' }
    if (first === 'approvals') return { page: 'question', id: second }
    if (first === 'actions') return { page: 'action', id: second }
    return { page: 'nowhere' }
  }
  switch (first) {
    case '':
    case 'approvals':
      return { page: 'inbox', search }
    case 'actions':
    case 'lineage':
    case 'policies':
      return { page: first, search }
    case 'ledger':
    case 'agents':
    case 'tools':
    case 'people':
    case 'system':
      return { page: first }
    default:
      return { page: 'nowhere' }
  }
}

export const paths = {
  inbox: (search: Readonly<Record<string, string>> = {}) => withSearch('/', search),
  question: (approval: string) => `/approvals/${approval}`,
  actions: (search: Readonly<Record<string, string>> = {}) => withSearch('/actions', search),
  action: (action: string) => `/actions/${action}`,
  lineage: (kind?: string, name?: string) =>
    withSearch('/lineage', kind !== undefined && name !== undefined ? { [kind]: name } : {}),
  ledger: '/ledger',
  agents: '/agents',
  tools: '/tools',
  people: '/people',
  system: '/system',
  policies: (part?: string) => withSearch('/policies', { part }),
} as const

/** Leaves out what is empty. */
export function withSearch(path: string, search: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(search).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return given.length > 0 ? `${path}?${new URLSearchParams(given).toString()}` : path
}
