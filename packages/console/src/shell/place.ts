/**
 * Where the window is, and going elsewhere without loading anew.
 *
 * @module
 */
import { useSyncExternalStore } from 'react'

/** What a key pressed in the inbox wants done on the next page. Kept beside the path, so that no link can carry it. */
export type Intent = 'approve' | 'reject' | 'escalate'

const moved = new EventTarget()

export function navigate(path: string, intent?: Intent): void {
  history.pushState(intent ? { intent } : null, '', path)
  scrollTo(0, 0)
  moved.dispatchEvent(new Event('moved'))
}

/** The same place, said otherwise: filters, which the back button should not count one by one. */
export function restate(path: string): void {
  history.replaceState(null, '', path)
  moved.dispatchEvent(new Event('moved'))
}

export function usePlace(): { pathname: string; search: string } {
  const place = useSyncExternalStore(subscribe, () => location.pathname + location.search)
  const { pathname, search } = new URL(place, location.origin)
  return { pathname, search }
}

/** Once: going back must not ask for it again. */
export function takeIntent(): Intent | undefined {
  const state: unknown = history.state
  if (typeof state !== 'object' || state === null || !('intent' in state)) return undefined
  history.replaceState(null, '', location.href)
  const { intent } = state
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
