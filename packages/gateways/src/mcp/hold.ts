/**
 * Keeping a client waiting: how long it can, and the signs of life that it counts.
 *
 * @module
 */
import type { Clock } from '@countersign/core'
import type { Refusal } from '@countersign/schema'
import type { McpConfig } from './config.ts'
import type { Outlet } from './stream.ts'
import type { Progress } from './conversation.ts'
import { rpcNotice } from './wire.ts'

export type ProgressToken = string | number

/** Named clients were measured; naming itself so can make a client wait longer and do nothing else. */
export function patienceMs(config: McpConfig, client: string, token: ProgressToken | undefined): number {
  const profile = Object.hasOwn(config.clients, client) ? config.clients[client] : undefined
  if (!profile || (profile.needsProgress && token === undefined)) return config.patienceMs
  return Math.max(config.patienceMs, profile.ms)
}

export interface Pulse {
  /** What the next signs of life say; says it at once. */
  say(message: () => string): void
  /** What the next signs of life say; says it at once only if there was one already: what ends soon needs none. */
  thenSay(message: () => string): void
  /** Passes on what the server says of its own progress. */
  pass(progress: Progress): void
  stop(): void
}

export interface PulseParts {
  readonly stream: Outlet
  readonly token: ProgressToken | undefined
  readonly everyMs: number
}

/** Progress that always grows (a MUST of the protocol), or a bare breath for clients that asked for none. */
export function startPulse({ stream, token, everyMs }: PulseParts): Pulse {
  let reached = 0
  let spoken = false
  /** Where the server's own counting begins. */
  let base: number | undefined
  let says = () => 'Working'

  function tell(progress: number, message: string, total?: number): void {
    spoken = true
    if (token === undefined) return stream.breathe()
    reached = progress
    stream.offer(
      rpcNotice('notifications/progress', {
        progressToken: token,
        progress,
        message,
        ...(total !== undefined && { total }),
      }),
    )
  }

  const beat = () => tell(reached + 1, says())
  const timer = setInterval(beat, everyMs)
  return {
    say(message) {
      says = message
      beat()
    },
    thenSay(message) {
      says = message
      if (spoken) beat()
    },
    pass({ progress, total, message = says() }) {
      base ??= reached
      if (base + progress > reached) tell(base + progress, message, total === undefined ? undefined : base + total)
    },
    stop: () => clearInterval(timer),
  }
}

/** "Waiting for approval by finance-controllers … 312 s left". */
export function sayWaiting({ groups, url, expiresAt }: Extract<Refusal, { kind: 'waiting' }>, clock: Clock): string {
  const leftSeconds = Math.max(0, Math.round((expiresAt - clock.now()) / 1000))
  return `Waiting for approval by ${groups.join(', ')} … ${url}, ${leftSeconds} s left`
}
