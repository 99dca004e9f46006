/**
 * What Countersign gives to the window that signs in, beside the cookie: a browser hands cookies to every port of a
 * host, and what is stored here to this one alone. Without it nothing can be signed.
 *
 * @module
 */
const storageKey = 'countersign.window'
const localStorageKey = 'countersign.local'

/** Takes the key out of the address, where signing in has put it, before anyone can copy it. */
export function takeBrowserBinding(): void {
  const key = taken('window')
  if (key !== undefined) localStorage.setItem(storageKey, key)
}

/**
 * The same for the key that a local person's link put there; true if there was one, and the person is now to sign in.
 */
export function takeLocalKey(): boolean {
  const key = taken('local')
  if (key !== undefined) localStorage.setItem(localStorageKey, key)
  return key !== undefined
}

function taken(name: string): string | undefined {
  const [, found, key] = /^#(window|local)=([A-Za-z0-9_-]{43})$/.exec(location.hash) ?? []
  if (found !== name) return undefined
  history.replaceState(history.state, '', location.pathname + location.search)
  return key
}

/** What a request that changes something carries. */
export const keys = (): Readonly<Record<string, string>> => {
  const local = localStorage.getItem(localStorageKey)
  return { 'countersign-browser': localStorage.getItem(storageKey) ?? '', ...(local && { 'countersign-local': local }) }
}
