/**
 * Tells of one end: what is asked of an `AbortSignal` here, which is one as well, without what one costs for every call that nobody
 * ends.
 *
 * @module
 */

export interface Signal {
  readonly aborted: boolean
  /** Why, where that is said. */
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** Who listens hears of it once, in the order in which they came. */
export function createSignal(): { readonly signal: Signal; abort(reason?: unknown): void } {
  let listeners: Set<() => void> | undefined
  let aborted = false
  let why: unknown
  return {
    signal: {
      get aborted() {
        return aborted
      },
      get reason() {
        return why
      },
      addEventListener(_, listener) {
        if (aborted) return
        listeners ??= new Set()
        listeners.add(listener)
      },
      removeEventListener: (_, listener) => void listeners?.delete(listener),
    },
    abort(reason) {
      if (aborted) return
      aborted = true
      why = reason
      const all = listeners ?? []
      listeners = undefined
      for (const listener of all) listener()
    },
  }
}
