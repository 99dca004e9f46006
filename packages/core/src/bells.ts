import { deferred } from './deferred.ts'

export interface Bell {
  heard(): Promise<void>
  wake(): void
  close(): void
}

export interface Bells {
  /** Listen first, then look: what happens in between is heard. */
  listen(name: string): Bell
  ring(name: string): void
  /** How many listen. */
  listening(): number
}

export function createBells(): Bells {
  const waiting = new Map<string, Set<() => void>>()
  return {
    listen(name) {
      let bell = deferred<void>()
      const wake = () => bell.resolve()
      const wakers = waiting.get(name) ?? new Set()
      waiting.set(name, wakers.add(wake))
      return {
        wake,
        async heard() {
          await bell.promise
          bell = deferred()
        },
        close() {
          wakers.delete(wake)
          if (wakers.size === 0) waiting.delete(name)
        },
      }
    },
    ring(name) {
      for (const wake of waiting.get(name) ?? []) wake()
    },
    listening: () => [...waiting.values()].reduce((sum, wakers) => sum + wakers.size, 0),
  }
}
