/**
 * One-time links: what is said to those whose link opens nothing, and how many wrong ones are looked at.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import type { Context } from 'hono'
import type { ApiEnv, ApiParts } from '../front/parts.ts'
import { html, plainPage, wantsPage } from '../../http/plain-page.ts'

/**
 * Wrong one-time links within a minute. A right one opens whatever was tried before: nobody's guesses end another's.
 */
const mostWrong = 60
/** The time within which those are counted; further wrong links in it are refused (429). */
const withinMs = 60_000

export const isLoopback = (peer: string | undefined) =>
  peer !== undefined && (/^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(peer) || peer === '::1')

export function createLinks({ clock, log }: Pick<ApiParts, 'clock' | 'log'>) {
  let since = Number.NEGATIVE_INFINITY
  let wrong = 0

  return {
    /** The same whatever is wrong with it, so that nobody learns which links there are. */
    none(context: Context<ApiEnv>): Response {
      if (clock.now() - since >= withinMs) {
        since = clock.now()
        wrong = 0
      }
      wrong += 1
      if (wrong === mostWrong) log({ level: 'warn', says: 'many one-time links were tried that open nothing' })
      if (wrong > mostWrong) throw new CountersignError('ERR_TOO_MANY')
      if (!wantsPage(context.req.raw)) throw new CountersignError('ERR_NOT_FOUND')
      return plainPage('This link opens nothing', says, 404)
    },
  }
}

const says = html`<p>
    It was used, is too old, or was opened from another machine than the one Countersign runs on. Such links work once,
    for a short time, and only there.
  </p>
  <p>
    A new start of Countersign prints a new one as long as there is no administrator. For someone you added,
    <code>countersign people add</code> prints a new one too. Otherwise, sign in.
  </p>
  <a class="button" href="/">To the console</a>`
