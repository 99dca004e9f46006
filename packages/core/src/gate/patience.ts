/**
 * How long an attempt can be kept waiting.
 *
 * @module
 */
import type { Attempt } from '../ports.ts'
import { createSignal, type Signal } from '../signal.ts'

export interface Patience {
  /** Ends when the protocol can keep its client waiting no longer, or the client is gone. */
  readonly signal: Signal
  close(): void
}

/** Counts from now; a timer is set only for who has to wait. */
export function startPatience({ patienceMs, signal }: Pick<Attempt, 'patienceMs' | 'signal'>): Patience {
  const startedAt = performance.now()
  let waiting: { readonly signal: Signal; close(): void } | undefined
  return {
    get signal() {
      waiting ??= wait(patienceMs - (performance.now() - startedAt))
      return waiting.signal
    },
    close: () => waiting?.close(),
  }

  function wait(leftMs: number) {
    const ended = createSignal()
    const end = () => ended.abort()
    const timer = setTimeout(end, Math.min(leftMs, 2 ** 31 - 1))
    if (signal.aborted) end()
    signal.addEventListener('abort', end, { once: true })
    return {
      signal: ended.signal,
      close() {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
      },
    }
  }
}
