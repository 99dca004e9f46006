/**
 * Signing in and out, and the link by which a fresh house gets its first administrator.
 *
 * @module
 */
import { CountersignError, isError } from '@countersign/core'
import {
  founderRoles,
  localPath,
  mayFound,
  type PendingSignIn,
  personAfterSignIn,
  type SignedIn,
  type SignInWish,
  withRoles,
} from '@countersign/identity'
import type { Fact, Person } from '@countersign/schema'
import type { Context } from 'hono'
import type { Api, ApiEnv, ApiParts } from './parts.ts'
import { createGroupsWatch } from './groups-watch.ts'
import { html, plainPage, style, stylePath, wantsPage } from './plain-page.ts'
import { createSignInFailed } from './sign-in-failed.ts'
import { mustBeSameOrigin } from './who.ts'

export function signIn(api: Api, parts: ApiParts): void {
  const { store, sessions, clock, founding, publicUrl } = parts
  const founders = createFounders(parts)

  const failed = createSignInFailed(parts)
  const groups = createGroupsWatch(parts)

  api.get('/sign-in', (context) => {
    const returnTo = localPath(context.req.query('return'))
    const fresh = context.req.query('fresh') === '1'
    const another = context.req.query('switch') === '1' // who is at the keyboard wants to be someone else
    const prompt = another ? { prompt: 'select_account' as const } : {}
    return begin(context, { returnTo, ...prompt, ...(fresh && { maxAgeSeconds: 0 }) })
  })

  api.get('/sign-in/callback', (context) => finish(context).catch((error: unknown) => failed.tell(error, context)))

  api.get(stylePath, () => new Response(style, { headers: { 'content-type': 'text/css; charset=utf-8' } }))

  api.get('/welcome/:token', async (context) => {
    const now = { founded: await founding.founded(), now: clock.now() }
    const may = isLoopback(context.env.peer) && mayFound(founding.link, context.req.param('token'), now)
    return may ? begin(context, { returnTo: '/', founding: true }) : noSuchLink(context)
  })

  api.post('/sign-out', async (context) => {
    mustBeSameOrigin(context.req.raw, publicUrl)
    const cookies = context.req.header('cookie')
    const session = await sessions.current(cookies)
    const cookie = await sessions.close(cookies)
    const person = session && (await store.people.get(session.person))
    if (person) {
      const left: Person = { ...person, version: person.version + 1 }
      const fact: Fact = { kind: 'person.changed', change: 'signed-out', by: person.id, person: left }
      await store.commit({ facts: [fact] }).catch(() => notRecorded(context)) // the session is over all the same
    }
    return new Response(null, { status: 204, headers: { 'set-cookie': cookie } })
  })

  function notRecorded(context: Context<ApiEnv>): void {
    parts.log({ level: 'warn', says: 'a sign-out was not recorded', requestId: context.env.requestId })
  }

  async function begin(context: Context<ApiEnv>, wish: SignInWish): Promise<Response> {
    try {
      const { url, pending } = await parts.signIn.begin(wish)
      return redirect(url, ...(await sessions.begin(pending, context.req.header('cookie'))))
    } catch (error) {
      return failed.tell(error, context)
    }
  }

  async function finish(context: Context<ApiEnv>): Promise<Response> {
    const cookies = context.req.header('cookie')
    const { pending, cookie } = await sessions.resume(cookies, context.req.url)
    const signedIn = await parts.signIn.finish(context.req.url, pending)
    const person = await founders.admit(pending, (founder) => welcome(signedIn, founder))
    failed.worked()
    groups.see(person, signedIn)
    // Only a sign-in that asked for a new proof makes a fresh session: what others say of `auth_time` is not asked for.
    const { authTime, ...plain } = signedIn
    const proven = pending.maxAgeSeconds === 0 && authTime !== undefined ? { ...plain, authTime } : plain
    const opened = await sessions.open(person.id, proven, cookies)
    return redirect(withWindowKey(localPath(pending.returnTo), opened), cookie, opened)
  }

  /** In the fragment, which no server and no log ever sees. */
  function withWindowKey(path: string, opened: string): string {
    return `${path.split('#')[0]}#window=${sessions.windowKey(opened.split(';')[0])}`
  }

  /** Records who came in; two windows at once are two sign-ins of one person. */
  async function welcome(signedIn: SignedIn, founder: boolean): Promise<Person> {
    for (let left = 5; ; left--) {
      const known = await store.people.byAccount(signedIn.issuer, signedIn.subject)
      const arrived = personAfterSignIn(known, signedIn, clock.now())
      const person = founder ? { ...withRoles(arrived, founderRoles), version: arrived.version } : arrived
      const facts: Fact[] = [{ kind: 'person.changed', change: 'signed-in', by: person.id, person }]
      if (founder) facts.push({ kind: 'house.founded', by: person.id, demo: parts.demo })
      try {
        await store.commit({ facts })
        return person
      } catch (error) {
        if (left === 0 || !isError(error, 'ERR_STORE_CONFLICT')) throw error
      }
    }
  }
}

/** Of those who began with the founding link, one founds the house. */
function createFounders({ founding }: Pick<ApiParts, 'founding'>) {
  let turn: Promise<unknown> = Promise.resolve()

  return {
    /** One at a time, so that two who hold the link do not both find the house unfounded. */
    admit(pending: PendingSignIn, how: (founder: boolean) => Promise<Person>): Promise<Person> {
      if (!pending.founding) return how(false)
      const mine = turn.then(async () => how(!(await founding.founded())))
      turn = mine.catch(() => undefined)
      return mine
    },
  }
}

/** The same whatever is wrong with it, so that nobody learns which links there are. */
function noSuchLink(context: Context<ApiEnv>): Response {
  if (!wantsPage(context.req.raw)) throw new CountersignError('ERR_NOT_FOUND')
  const says = html`<p>
      It was used, is too old, or was opened from another machine than the one Countersign runs on. Such links work
      once, for a short time, and only there.
    </p>
    <p>A new start of Countersign prints a new one as long as there is no administrator; after that, sign in.</p>
    <a class="button" href="/">To the console</a>`
  return plainPage('This link opens nothing', says, 404)
}

const isLoopback = (peer: string | undefined) =>
  peer !== undefined && (/^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(peer) || peer === '::1')

function redirect(location: string, ...cookies: readonly string[]): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store' })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}
