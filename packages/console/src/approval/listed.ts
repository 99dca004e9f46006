/**
 * What the inbox lists: as the address says it, and as Countersign is asked for it.
 *
 * @module
 */
import { paths } from '../route.ts'

export const pageSize = 50
export const openPath = `/api/approvals?state=open&limit=${pageSize}`

export interface Listed {
  readonly tab: 'open' | 'settled'
  /** `mine`: I can answer it. `groups`: it asks a group of mine, whether or not I can. */
  readonly whose: 'mine' | 'groups' | 'all'
  readonly search: string
}

export const everything: Listed = { tab: 'open', whose: 'all', search: '' }

export const isEverything = ({ tab, whose, search }: Listed): boolean =>
  tab === everything.tab && whose === everything.whose && search === ''

/** Filters are the server's; this is only how it is asked. */
export const listPath = ({ tab, whose, search }: Listed): string => {
  const state = tab === 'open' ? openPath : `/api/approvals?state=all&limit=${pageSize}`
  const of = tab === 'settled' || whose === 'all' ? '' : whose === 'mine' ? '&mine=true' : '&asked=true'
  return `${state}${of}${search === '' ? '' : `&search=${encodeURIComponent(search)}`}`
}

const longestSearch = 200

/** What the address asks for; what it does not say is everything that is open. */
export function listedIn(address: string): Listed {
  const given = new URLSearchParams(address)
  const whose = given.get('whose')
  return {
    tab: given.get('state') === 'settled' ? 'settled' : 'open',
    whose: whose === 'mine' || whose === 'groups' ? whose : 'all',
    search: given.get('search')?.trim().slice(0, longestSearch) ?? '',
  }
}

/** The question or heading that the address points at, if it points at one. */
export function markIn(address: string): string | undefined {
  const mark = new URLSearchParams(address).get('at') ?? ''
  return /^(apr_|alike-)[0-9A-Za-z-]{1,64}$/.test(mark) ? mark : undefined
}

export const inboxPath = ({ tab, whose, search }: Listed, mark = ''): string =>
  paths.inbox({
    state: tab === 'open' ? '' : tab,
    whose: whose === 'all' ? '' : whose,
    search,
    at: mark,
  })

/** Typing on is no step of its own: one step back leaves the search, not its last letter. */
export const isRefined = (one: Listed, other: Listed): boolean =>
  one.search !== '' && other.search !== '' && one.search !== other.search
