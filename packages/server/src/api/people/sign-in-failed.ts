/**
 * What is said when signing in does not work: to the person at the browser what to do, to those who run it why.
 *
 * @module
 */
import { isError } from '@countersign/core'
import { failureOf, type SignInFailure, type SignInTrouble } from '@countersign/identity'
import type { Context } from 'hono'
import type { ApiEnv, ApiParts } from '../front/parts.ts'
import { html, plainPage, wantsPage } from '../../http/plain-page.ts'
import { telling } from '../../http/problems.ts'
import { providerKey, raise } from '../../people/provider-watch.ts'

const words: Readonly<Record<SignInTrouble, { title: string; todo: string; again: boolean; status: 401 | 403 | 503 }>> =
  {
    away: {
      title: 'Nobody can sign in right now',
      todo: 'The identity provider does not answer. Try again in a minute; if it stays like this, tell whoever runs Countersign: its log and the page System name the cause.',
      again: true,
      status: 503,
    },
    misconfigured: {
      title: 'Countersign and the identity provider do not fit each other',
      todo: 'Trying again will not help. Tell whoever runs Countersign: its log and the page System name the cause, and the section identity of its configuration or the client at the provider has to change.',
      again: false,
      status: 503,
    },
    token: {
      title: 'The identity provider’s answer cannot be used',
      todo: 'Tell whoever runs Countersign, or whoever runs the identity provider, what stands here.',
      again: true,
      status: 401,
    },
    clock: {
      title: 'Two clocks do not agree',
      todo: 'Tell whoever runs Countersign: the clock of its machine, or of the identity provider, has to be set.',
      again: true,
      status: 401,
    },
    cancelled: {
      title: 'You were not signed in',
      todo: 'It was cancelled, or the identity provider does not let this account in. Sign in again, with another account if you have one.',
      again: true,
      status: 401,
    },
    again: {
      title: 'This sign-in is over',
      todo: 'It took too long, was begun in another browser, or came twice. Nothing is lost: sign in again.',
      again: true,
      status: 401,
    },
    left: {
      title: 'This account may not come in any more',
      todo: 'It was switched off here. An administrator can let it in again.',
      again: false,
      status: 403,
    },
  }

export function createSignInFailed({ log, concerns }: Pick<ApiParts, 'log' | 'concerns'>) {
  return {
    /** The answer to give. @throws what is not a failed sign-in, and the failure itself to what is no browser */
    tell(error: unknown, context: Context<ApiEnv>): Response {
      if (!isError(error, 'ERR_SIGN_IN_FAILED')) throw error
      const failure = failureOf(error)
      const { requestId } = context.env
      log({ level: 'warn', says: 'a sign-in failed', detail: failure, requestId })
      raise(concerns, failure)
      if (!wantsPage(context.req.raw)) throw telling(error, sentence(failure.why))
      return page(failure, requestId)
    },
    /** Someone came in, so provider and configuration do work. */
    worked(): void {
      concerns.clear(providerKey)
    },
  }
}

function page({ kind, why }: SignInFailure, requestId: string): Response {
  const { title, todo, again, status } = words[kind]
  return plainPage(
    title,
    html`<p>${sentence(why)}</p>
      <p>${todo}</p>
      ${again && html`<a class="button" href="/sign-in">Sign in again</a>`}
      <p class="soft">Reference for the log: ${requestId}</p>`,
    status,
  )
}

const sentence = (why: string) => `${why.charAt(0).toUpperCase()}${why.slice(1)}.`
