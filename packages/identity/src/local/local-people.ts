/**
 * People without an identity provider: the founder and whom they add on this machine, to try Countersign with. They sign in
 * as others do, through a provider of our own on loopback, and who they are rests on a one-time link alone; so everything
 * they sign says that it is local.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '@countersign/core'
import { localIssuer } from '@countersign/schema'
import { readCookie, setCookie } from '../cookies.ts'
import type { Fetch } from '../fetch.ts'
import { localFiles } from './files.ts'
import { keepBindings } from './kept.ts'
import { createLoopbackProvider, type LoopbackAccount, send } from './provider.ts'

export interface LocalPeopleSettings {
  readonly dataDir: string
  readonly clock: Clock
  /** Of this deployment; on this machine. */
  readonly publicUrl: string
  readonly redirectUri: string
  /** Of the people in the store, the one of this name. */
  accountOf(subject: string): Promise<LoopbackAccount | undefined>
}

export interface LocalPeople {
  readonly issuer: string
  readonly clientId: string
  /** Reaches the provider under its name, which names no port. */
  readonly fetch: Fetch
  /** Where the provider answers. */
  readonly path: string
  answer(request: IncomingMessage, response: ServerResponse): void
  /** A new one-time link's secret. It lasts a day. */
  invite(subject: string): Promise<string>
  /** To whom a link leads, if it still does. It is not used up by looking. */
  invited(secret: string): string | undefined
  /** Uses a link up, and makes this browser theirs. Undefined if it leads to nobody any more. */
  join(secret: string): Promise<Seat | undefined>
  /** Makes this browser theirs, for 30 days. */
  seat(subject: string): Promise<Seat>
  /** Whose browser this is. */
  seated(cookies: string | undefined): string | undefined
  /** Whose key this is. */
  holderOf(key: string): string | undefined
  /** Their links open nothing and their browsers are nobody's any more. */
  forget(subject: string): Promise<void>
  close(): Promise<void>
}

/**
 * What makes a browser a local person's. Its cookies sign them in; but a browser hands cookies to every port of this machine,
 * so nothing is signed without the key as well, which it stores for our port alone.
 */
export interface Seat {
  readonly cookies: readonly string[]
  readonly key: string
}

/** The authentication context of a local sign-in: a browser that once opened a link. */
const acr = 'urn:countersign:local'
const cookie = 'countersign-local'
const path = '/local-people'
/** How long a browser keeps its cookie: as long as the key behind it is kept. */
const keptForSeconds = 30 * 24 * 3600

/** @throws ERR_CONFIG_INVALID for a deployment that is not on this machine alone */
export async function openLocalPeople(settings: LocalPeopleSettings): Promise<LocalPeople> {
  const { dataDir, clock, publicUrl, redirectUri, accountOf } = settings
  const kept = await keepBindings(localFiles(dataDir).bindings, clock)
  const clientId = 'countersign'
  const at = `${publicUrl}${path}`
  const provider = await createLoopbackProvider({
    issuer: localIssuer,
    at,
    clients: [{ client_id: clientId, client_name: 'Countersign', redirect_uris: [redirectUri] }],
    keysFile: localFiles(dataDir).keys,
    acr,
    contentSecurityPolicy: "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    accountOf,
    problemPage,
    interact: (made) => async (request, response) => {
      try {
        const subject = seated(request.headers.cookie)
        const login = subject !== undefined && (await accountOf(subject)) && { accountId: subject, acr, amr: ['link'] }
        const result = login ? { login, select_account: {} } : { error: 'access_denied' }
        await made.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
      } catch {
        // An interaction that is over, or was begun in another browser: the provider's errors say no more than this.
        send(response, 400, problemPage('This sign-in is over, or was begun in another browser.'), "default-src 'none'")
      }
    },
  })

  return {
    issuer: localIssuer,
    clientId,
    fetch: (input, init) => fetch(addressOf(input).replace(localIssuer, at), init),
    path,
    answer: (request, response) => provider.callback(request, response),
    invite: (subject) => kept.issue('links', subject),
    invited: (secret) => kept.subjectOf('links', secret),
    async join(secret) {
      const subject = await kept.take('links', secret)
      return subject === undefined ? undefined : seat(subject)
    },
    seat,
    seated,
    holderOf: (key) => kept.subjectOf('keys', key),
    forget: (subject) => kept.forget(subject),
    close: () => provider.close(),
  }

  async function seat(subject: string): Promise<Seat> {
    const secret = await kept.issue('browsers', subject)
    const key = await kept.issue('keys', subject)
    const over = { secure: false, maxAgeSeconds: 0 }
    const cookies = [
      setCookie(cookie, secret, { secure: false, maxAgeSeconds: keptForSeconds }),
      // The provider may remember whose browser it was before.
      ...['_session', '_session.sig', '_session.legacy', '_session.legacy.sig'].map((name) =>
        setCookie(name, '', over),
      ),
    ]
    return { cookies, key }
  }

  function seated(cookies: string | undefined): string | undefined {
    const secret = readCookie(cookies, cookie, false)
    return secret === undefined ? undefined : kept.subjectOf('browsers', secret)
  }
}

const problemPage = (says: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>This did not work</title><h1>This did not work</h1><p>${says}</p><p><a href="/">Back to Countersign</a></p></html>`

const addressOf = (input: Parameters<typeof fetch>[0]): string =>
  input instanceof Request ? input.url : input.toString()
