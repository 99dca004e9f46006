import { deferred } from './deferred.ts'

export interface Listener {
  heard(): Promise<void>
  wake(): void
  close(): void
}

export interface Listeners {
  /** Listen first, then look: what happens in between is heard. */
  listen(name: string): Listener
  notify(name: string): void
  /** How many listen. */
  listening(): number
}

export function createListeners(): Listeners {
  const waiting = new Map<string, Set<() => void>>()
  return {
    listen(name) {
      let next = deferred<void>()
      const wake = () => next.resolve()
      const wakers = waiting.get(name) ?? new Set()
      waiting.set(name, wakers.add(wake))
      return {
        wake,
        async heard() {
          await next.promise
          next = deferred()
        },
        close() {
          wakers.delete(wake)
          if (wakers.size === 0) waiting.delete(name)
        },
      }
    },
    notify(name) {
      for (const wake of waiting.get(name) ?? []) wake()
    },
    listening: () => [...waiting.values()].reduce((sum, wakers) => sum + wakers.size, 0),
  }
}
