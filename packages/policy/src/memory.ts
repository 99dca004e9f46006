/**
 * Remembers answers for a few seconds, for gateways that repeat themselves.
 *
 * @module
 */
import type { Clock } from '@countersign/core'

export interface Memory<Value> {
  get(key: string): Value | undefined
  keep(key: string, value: Value): void
}

/** At most `size` answers, each for at most `keepMs`; the oldest goes first. */
export function createMemory<Value>(clock: Clock, keepMs: number, size: number): Memory<Value> {
  const kept = new Map<string, { readonly value: Value; readonly at: number }>()

  return {
    get(key) {
      const found = kept.get(key)
      const age = found ? clock.now() - found.at : 0
      if (!found || (age >= 0 && age < keepMs)) return found?.value
      kept.delete(key)
      return undefined
    },
    keep(key, value) {
      kept.delete(key)
      kept.set(key, { value, at: clock.now() })
      const [oldest] = kept.keys()
      if (kept.size > size && oldest !== undefined) kept.delete(oldest)
    },
  }
}
