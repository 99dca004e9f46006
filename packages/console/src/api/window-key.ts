/**
 * What the house gives to the window that signs in, beside the cookie: a browser hands cookies to every port of a host,
 * and what is stored here to this one alone. Without it nothing can be signed.
 *
 * @module
 */
const place = 'countersign.window'

/** Takes the key out of the address, where signing in has put it, before anyone can copy it. */
export function takeWindowKey(): void {
  const [, key] = /^#window=([A-Za-z0-9_-]{43})$/.exec(location.hash) ?? []
  if (key === undefined) return
  localStorage.setItem(place, key)
  history.replaceState(history.state, '', location.pathname + location.search)
}

export const windowKey = (): string => localStorage.getItem(place) ?? ''
