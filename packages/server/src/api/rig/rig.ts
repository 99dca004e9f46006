/**
 * A small instance for this folder's tests: real store, desk, stops and sessions; an identity provider that says what
 * it is told.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { createConcerns, createDesk, createPins, createStops, newId } from '@countersign/core'
import { createMemorySessionStore, createSessions, type SignedIn } from '@countersign/identity'
import { type Agent, byPerson, bySystem, type Person, type SignOff } from '@countersign/schema'
import { search } from '@countersign/followers'
import { createMemoryStore } from '@countersign/stores'
import { startFollower } from '../../duties/followers.ts'
import { followHere } from '../../duties/wake.ts'
import { createRoster } from '../../agents/roster.ts'
import { createApi } from '../api.ts'
import type { ApiParts } from '../front/parts.ts'
import { policySet, sandbox } from './policy.ts'
import { questionFor, sampleSignOff } from './approval.ts'

export const origin = 'http://localhost:4600'
const issuer = 'https://id.example'
export const startOfTime = 1_800_000_000_000

export type Rig = Awaited<ReturnType<typeof createRig>>

export async function createRig(over: Partial<ApiParts> = {}) {
  const clock = { at: startOfTime, now: () => clock.at }
  const store = createMemoryStore({ clock })
  const sessionStore = createMemorySessionStore()
  const told: unknown[] = []
  const concerns = createConcerns({ clock, log: (line) => told.push(line) })
  const provider = { says: {} as Partial<SignedIn>, fails: undefined as Error | undefined, asked: [] as unknown[] }

  const parts: ApiParts = {
    store,
    desk: createDesk({ store }),
    stops: createStops({ store }),
    roster: createRoster({
      store,
      stops: createStops({ store }),
      groups: () => ['data-platform'],
      agentGroups: () => ['reporters'],
    }),
    pins: createPins({ store }),
    running: { node: { id: 'nod_here', epoch: () => 1 }, followers: () => [], addresses: [], concerns: concerns.list },
    concerns,
    policy: { active: () => policySet },
    policies: () => ({ version: 'v1', at: 0, by: 'start', files: ['site.cedar'] }),
    sandbox,
    sessions: createSessions({ store: sessionStore, clock, secure: false }),
    signIn: {
      reach: async () => {},
      async begin(wish) {
        provider.asked.push(wish)
        if (provider.fails) throw provider.fails
        const state = randomBytes(32).toString('base64url')
        const pending = { ...wish, state, nonce: 'n', verifier: 'v', startedAt: clock.now() }
        return { url: `https://id.example/authorize?state=${state}`, pending }
      },
      async finish() {
        if (provider.fails) throw provider.fails
        return signedIn(provider.says)
      },
    },
    founding: { link: undefined, founded: async () => true },
    clock,
    publicUrl: origin,
    version: '0.0.0',
    demo: false,
    vkey: 'countersign+00000000+AAAA',
    ledgerOpen: true,
    page: async (request) =>
      new Response(`page ${new URL(request.url).pathname}`, { headers: { 'content-type': 'text/html' } }),
    log: (line) => told.push(line),
    ...over,
  }
  const api = createApi(parts)
  const hearing = await followHere({ store, hear: api.windows.hear, log: parts.log })
  const context = { ...store, origin: store.ledger.origin, publicUrl: parts.publicUrl, postTo: () => async () => 200 }
  const indexing = startFollower({
    store,
    follower: { name: search.name, ...(await search.start({}, context)) },
    log: parts.log,
  })

  const person = async (name: string, more: Partial<Person> = {}): Promise<Person> => {
    const made: Person = {
      id: newId('per'),
      version: 1,
      issuer,
      subject: name,
      name,
      groups: [],
      groupsAsOf: clock.now(),
      active: true,
      roles: [],
      ...more,
    }
    await store.commit({
      facts: [{ kind: 'person.changed', change: 'signed-in', by: byPerson(made.id), person: made }],
    })
    return made
  }

  /** The cookie of someone signed in, as their browser sends it. */
  const cookieOf = async ({ id }: Person, how: Partial<SignedIn> = {}): Promise<string> =>
    (await parts.sessions.open(id, signedIn(how), undefined)).split(';')[0] ?? ''

  const agent = async (owner: Person, more: Partial<Agent> = {}): Promise<Agent> => {
    const made: Agent = {
      id: 'reporter',
      version: 1,
      name: 'The reporter',
      owner: owner.id,
      team: 'data-platform',
      groups: [],
      environment: 'prod',
      mode: 'enforce',
      status: 'active',
      keys: [],
      registeredBy: owner.id,
      changedBy: owner.id,
      ...more,
    }
    await store.commit({
      facts: [{ kind: 'agent.changed', change: 'registered', by: byPerson(owner.id), agent: made }],
    })
    return made
  }

  const ask = async (asking: Agent, signOff: Partial<SignOff> = {}, run = newId('act')) => {
    const question = questionFor(asking, { ...sampleSignOff, ...signOff }, run, clock.now())
    await store.commit({
      facts: [
        { kind: 'action.decided', record: question.record },
        { kind: 'approval.changed', change: 'asked', by: bySystem, approval: question.approval },
      ],
    })
    return question.approval
  }

  const call = (path: string, init: RequestInit & { peer?: string } = {}) =>
    api.fetch(new Request(`${origin}${path}`, { redirect: 'manual', ...init }), { peer: init.peer })

  const get = (path: string, cookie = '') => call(path, { headers: { cookie } })

  const ofConsole = (cookie: string) => ({
    cookie,
    origin,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
    'countersign-browser': parts.sessions.browserBinding(cookie) ?? '',
  })

  /** As a page of the console sends it, unless told otherwise. */
  const post = (path: string, cookie: string, body: unknown, headers: Record<string, string> = {}) =>
    call(path, {
      method: 'POST',
      headers: { ...ofConsole(cookie), ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })

  const facts = async () => (await store.journal.read(0, 10_000)).map(({ fact }) => fact)

  const close = async () => {
    api.windows.close()
    await hearing.close()
    await indexing.close()
    await store.close()
  }

  return {
    api,
    parts,
    store,
    clock,
    provider,
    concerns,
    told,
    person,
    cookieOf,
    agent,
    ask,
    call,
    get,
    post,
    ofConsole,
    facts,
    close,
  }
}

export const codeOf = async (response: Response): Promise<string> => {
  const said: unknown = await response.json()
  return typeof said === 'object' && said !== null && 'code' in said ? String(said.code) : ''
}

const signedIn = (says: Partial<SignedIn>): SignedIn => ({
  issuer,
  subject: 'someone',
  name: 'Someone',
  groups: [],
  groupsPresent: true,
  issuedAt: startOfTime,
  idToken: 'e30.e30.sig',
  keys: '{"keys":[]}',
  ...says,
})
