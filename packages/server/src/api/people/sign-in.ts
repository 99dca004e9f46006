/**
 * Signing in and out, and the link by which a fresh deployment gets its first administrator.
 *
 * @module
 */
import { isError } from '@countersign/core'
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
import { byPerson, type Fact, type Person } from '@countersign/schema'
import type { Context } from 'hono'
import type { Api, ApiEnv, ApiParts } from '../front/parts.ts'
import { createGroupsWatch } from './groups-watch.ts'
import { createLinks, isLoopback } from './links.ts'
import { founderPage, foundLocally, join, joinPage } from './local-people.ts'
import { html, plainPage, style, stylePath } from '../../http/plain-page.ts'
import { redirect } from '../../http/redirect.ts'
import { createSignInFailed } from './sign-in-failed.ts'
import { mustBeSameOrigin } from '../front/who.ts'

export function signIn(api: Api, parts: ApiParts): void {
  const { store, sessions, clock, founding, publicUrl } = parts
  const founders = createFounders(parts)
  const links = createLinks(parts)

  const failed = createSignInFailed(parts)
  const groups = createGroupsWatch(parts)

  api.get('/sign-in', (context) => {
    const returnTo = localPath(context.req.query('return'))
    const fresh = context.req.query('fresh') === '1'
    if (fresh && parts.local) return cannotBeFresh(returnTo)
    const another = context.req.query('switch') === '1' // who is at the keyboard wants to be someone else
    const prompt = another ? { prompt: 'select_account' as const } : {}
    return begin(context, { returnTo, ...prompt, ...(fresh && { maxAgeSeconds: 0 }) })
  })

  api.get('/sign-in/callback', (context) => finish(context).catch((error: unknown) => failed.tell(error, context)))

  api.get(stylePath, () => new Response(style, { headers: { 'content-type': 'text/css; charset=utf-8' } }))

  api.get('/welcome/:token', async (context) => {
    if (!(await mayFoundNow(context))) return links.none(context)
    return parts.local ? founderPage() : begin(context, { returnTo: '/', founding: true })
  })

  const { local } = parts
  if (local) {
    api.post('/welcome/:token', (context) =>
      founders.inTurn(async () => {
        return (await mayFoundNow(context)) ? foundLocally(context, parts, local) : links.none(context)
      }),
    )
    api.get('/join/:token', async (context) => {
      return (isLoopback(context.env.peer) && (await joinPage(context, parts, local))) || links.none(context)
    })
    api.post('/join/:token', async (context) => {
      return (isLoopback(context.env.peer) && (await join(context, parts, local))) || links.none(context)
    })
  }

  api.post('/sign-out', async (context) => {
    mustBeSameOrigin(context.req.raw, publicUrl)
    const cookies = context.req.header('cookie')
    const session = await sessions.current(cookies)
    const cookie = await sessions.close(cookies)
    const person = session && (await store.people.get(session.person))
    if (person) {
      const left: Person = { ...person, version: person.version + 1 }
      const fact: Fact = { kind: 'person.changed', change: 'signed-out', by: byPerson(person.id), person: left }
      await store.commit({ facts: [fact] }).catch(() => notRecorded(context)) // the session is over all the same
    }
    return new Response(null, { status: 204, headers: { 'set-cookie': cookie } })
  })

  function notRecorded(context: Context<ApiEnv>): void {
    parts.log({ level: 'warn', says: 'a sign-out was not recorded', requestId: context.env.requestId })
  }

  async function mayFoundNow(context: Context<ApiEnv>): Promise<boolean> {
    const now = { founded: await founding.founded(), now: clock.now() }
    return isLoopback(context.env.peer) && mayFound(founding.link, context.req.param('token') ?? '', now)
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
    return redirect(withBrowserBinding(localPath(pending.returnTo), opened), cookie, opened)
  }

  /** In the fragment, which no server and no log ever sees. */
  function withBrowserBinding(path: string, opened: string): string {
    return `${path.split('#')[0]}#window=${sessions.browserBinding(opened.split(';')[0])}`
  }

  /** Records who came in; two windows at once are two sign-ins of one person. */
  async function welcome(signedIn: SignedIn, founder: boolean): Promise<Person> {
    for (let left = 5; ; left--) {
      const known = await store.people.byAccount(signedIn.issuer, signedIn.subject)
      const arrived = personAfterSignIn(known, signedIn, clock.now())
      const person = founder ? { ...withRoles(arrived, founderRoles), version: arrived.version } : arrived
      const facts: Fact[] = [{ kind: 'person.changed', change: 'signed-in', by: byPerson(person.id), person }]
      if (founder) facts.push({ kind: 'deployment.founded', by: byPerson(person.id), demo: parts.demo })
      try {
        await store.commit({ facts })
        return person
      } catch (error) {
        if (left === 0 || !isError(error, 'ERR_STORE_CONFLICT')) throw error
      }
    }
  }
}

/** Of those who began with the founding link, one founds the deployment. */
function createFounders({ founding }: Pick<ApiParts, 'founding'>) {
  let turn: Promise<unknown> = Promise.resolve()

  return {
    inTurn,

    admit(pending: PendingSignIn, how: (founder: boolean) => Promise<Person>): Promise<Person> {
      return pending.founding ? inTurn(async () => how(!(await founding.founded()))) : how(false)
    },
  }

  /** One at a time, so that two who hold the link do not both find the deployment unfounded. */
  function inTurn<T>(how: () => Promise<T>): Promise<T> {
    const mine = turn.then(how)
    turn = mine.catch(() => undefined)
    return mine
  }
}

const cannotBeFresh = (returnTo: string): Response =>
  plainPage(
    'Local people cannot prove themselves anew',
    html`<p>
        This asks for a fresh proof by an identity provider, and none is connected. Connect one, or let someone decide
        whom it does not ask that of.
      </p>
      <a class="button" href="${returnTo}">Back</a>`,
    403,
  )
