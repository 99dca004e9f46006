import { describe, expect, it } from 'vitest'
import { createSignal, type Signal } from './signal.ts'

/** Both of which the same is asked. */
const kinds: [string, () => { readonly signal: Signal; abort(reason?: unknown): void }][] = [
  ['one of ours', createSignal],
  ['an AbortSignal', () => new AbortController()],
]

describe.each(kinds)('%s', (_, create) => {
  it('tells each listener once, and why', () => {
    const { signal, abort } = boundOf(create())
    const heard: string[] = []
    const taken = () => void heard.push('taken back')
    const twice = () => void heard.push('twice added')
    signal.addEventListener('abort', taken, { once: true })
    signal.addEventListener('abort', twice, { once: true })
    signal.addEventListener('abort', twice, { once: true })
    signal.addEventListener('abort', () => void heard.push(`${signal.aborted}, ${String(signal.reason)}`), {
      once: true,
    })
    signal.removeEventListener('abort', taken)
    expect(signal.aborted).toBe(false)
    abort('it is over')
    abort('and again')
    expect(heard).toEqual(['twice added', 'true, it is over'])
    expect(signal.reason).toBe('it is over')
  })

  it('tells nobody who comes afterwards', () => {
    const { signal, abort } = boundOf(create())
    abort('it is over')
    let heard = false
    signal.addEventListener('abort', () => (heard = true))
    abort('again')
    expect([heard, signal.aborted]).toEqual([false, true])
  })
})

const boundOf = (made: { readonly signal: Signal; abort(reason?: unknown): void }) => ({
  signal: made.signal,
  abort: (reason: unknown) => made.abort(reason),
})
