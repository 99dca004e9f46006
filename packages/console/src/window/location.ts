/**
 * Where the window is, and going elsewhere without loading anew.
 *
 * @module
 */
import { useSyncExternalStore } from 'react'
import { type Page, routeOf } from '../route.ts'

/** What a key pressed in the inbox wants done on the next page. Kept beside the path, so that no link can carry it. */
export type Intent = 'approve' | 'reject' | 'escalate'

const moved = new EventTarget()

export function navigate(path: string, intent?: Intent): void {
  const here = location.pathname + location.search
  // From one question to the next: behind both stands the list.
  const from = routeOf(path).page === routeOf(location.pathname).page ? leftFrom() : here
  history.pushState({ intent, from }, '', path)
  scrollTo(0, 0)
  moved.dispatchEvent(new Event('moved'))
}

/** The same page, asked otherwise: one step back takes it back, and nothing jumps. */
export function revise(path: string): void {
  if (path === location.pathname + location.search) return
  history.pushState(null, '', path)
  moved.dispatchEvent(new Event('moved'))
}

/** The same page, only told more exactly: there is nothing to go back to. */
export function amend(path: string, state: unknown = history.state): void {
  if (path === location.pathname + location.search) return
  history.replaceState(state, '', path)
  moved.dispatchEvent(new Event('moved'))
}

/** Back to a page as it was left, if the way here led over it. */
export function wayBack(to: Page, otherwise: string): string {
  const from = leftFrom()
  return from !== undefined && routeOf(new URL(from, location.origin).pathname).page === to ? from : otherwise
}

function leftFrom(): string | undefined {
  const state: unknown = history.state
  const from = typeof state === 'object' && state !== null && 'from' in state ? state.from : undefined
  return typeof from === 'string' ? from : undefined
}

/** How many pages of a list were in view here, for whoever comes back to it. */
export function keptPages(): number {
  const state: unknown = history.state
  const pages = typeof state === 'object' && state !== null && 'pages' in state ? Number(state.pages) : 1
  return Number.isSafeInteger(pages) && pages > 0 ? pages : 1
}

export function keepPages(pages: number): void {
  history.replaceState({ pages }, '', location.href)
}

export function useLocation(): { pathname: string; search: string } {
  const shown = useSyncExternalStore(subscribe, () => location.pathname + location.search)
  const { pathname, search } = new URL(shown, location.origin)
  return { pathname, search }
}

/** Once: going back must not ask for it again. */
export function takeIntent(): Intent | undefined {
  const state: unknown = history.state
  if (typeof state !== 'object' || state === null || !('intent' in state)) return undefined
  const { intent, ...kept } = state
  history.replaceState(kept, '', location.href)
  return intent === 'approve' || intent === 'reject' || intent === 'escalate' ? intent : undefined
}

function subscribe(tell: () => void): () => void {
  addEventListener('popstate', tell)
  moved.addEventListener('moved', tell)
  return () => {
    removeEventListener('popstate', tell)
    moved.removeEventListener('moved', tell)
  }
}
