/**
 * The attacker's own process, so that what it does costs the attacked nothing but what it sends. Told what to do by its
 * parent: an attack and its target, later to stop.
 *
 * @module
 */
import { setPriority } from 'node:os'
import { attacks, type Target } from './attacks.ts'
import type { Counts } from './send.ts'

export type Order = { readonly attack: string; readonly target: Target } | 'stop'
export type Report = 'ready' | 'begun' | { readonly counts: Counts }

setPriority(19) // an attacker has a machine of its own
let stop = new AbortController()

process.on('message', (order: Order) => {
  if (order === 'stop') return stop.abort()
  stop = new AbortController()
  const running = attacks[order.attack]?.run(order.target, stop.signal)
  setTimeout(() => process.send?.('begun' satisfies Report), 400)
  running?.then(
    (counts) => process.send?.({ counts } satisfies Report),
    (error: unknown) => process.send?.({ counts: { [String(error)]: 1 } } satisfies Report),
  )
  return undefined
})
process.on('disconnect', () => process.exit())
process.send?.('ready' satisfies Report)
