/**
 * A small house for this folder's tests: real store, desk, stops and sessions; an identity provider that says what it
 * is told.
 *
 * @module
 */
import {
  CountersignError,
  createDesk,
  createPins,
  createStops,
  digestOf,
  newId,
  type PolicyNote,
  type PolicySet,
} from '@countersign/core'
import { createMemorySessionStore, createSessions, type SignedIn } from '@countersign/identity'
import type { ActionRecord, Agent, Card, OpenApproval, Person, SignOff } from '@countersign/schema'
import { searchFollower } from '@countersign/followers'
import { createMemoryStore } from '@countersign/stores'
import { startFollower } from '../followers.ts'
import { createApi } from './api.ts'
import type { ApiParts } from './parts.ts'

export const origin = 'http://localhost:4600'
const issuer = 'https://id.example'
export const startOfTime = 1_800_000_000_000
const minuteMs = 60_000

export type Rig = Awaited<ReturnType<typeof createRig>>

export async function createRig(over: Partial<ApiParts> = {}) {
  const clock = { at: startOfTime, now: () => clock.at }
  const store = createMemoryStore({ clock })
  const sessionStore = createMemorySessionStore(clock)
  const told: unknown[] = []
  const provider = { says: {} as Partial<SignedIn>, asked: [] as unknown[] }

  const parts: ApiParts = {
    store,
    desk: createDesk({ store }),
    stops: createStops({ store }),
    pins: createPins({ store }),
    running: { node: { id: 'nod_here', epoch: () => 1 }, followers: () => [], places: [] },
    policy: { active: () => policySet },
    workshop,
    sessions: createSessions({ store: sessionStore, clock, secure: false }),
    signIn: {
      async begin(wish) {
        provider.asked.push(wish)
        const state = newId('ses').slice(-12).padEnd(43, 'x')
        const pending = { ...wish, state, nonce: 'n', verifier: 'v', startedAt: clock.now() }
        return { url: `https://id.example/authorize?state=${state}`, pending }
      },
      finish: async () => signedIn(provider.says),
    },
    founding: { link: undefined, founded: async () => true },
    clock,
    publicUrl: origin,
    version: '0.0.0',
    demo: false,
    vkey: 'house+00000000+AAAA',
    ledgerOpen: true,
    page: async (request) =>
      new Response(`page ${new URL(request.url).pathname}`, { headers: { 'content-type': 'text/html' } }),
    log: (line) => told.push(line),
    ...over,
  }
  const api = createApi(parts)
  const indexing = startFollower({ store, follower: searchFollower(store.actions), log: parts.log })

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
    await store.commit({ facts: [{ kind: 'person.changed', change: 'signed-in', by: made.id, person: made }] })
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
    await store.commit({ facts: [{ kind: 'agent.changed', change: 'registered', by: owner.id, agent: made }] })
    return made
  }

  const ask = async (asking: Agent, signOff: Partial<SignOff> = {}, run = newId('act')) => {
    const question = questionFor(asking, { ...sampleSignOff, ...signOff }, run, clock.now())
    await store.commit({
      facts: [
        { kind: 'action.decided', record: question.record },
        { kind: 'approval.changed', change: 'asked', by: 'house', approval: question.approval },
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
    'countersign-window': parts.sessions.windowKey(cookie) ?? '',
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
    api.close()
    await indexing.close()
    await store.close()
  }

  return {
    api,
    parts,
    store,
    clock,
    provider,
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

const sampleSignOff: SignOff = {
  id: 'finance-export-signoff',
  doc: 'Exports of more than 1000 finance rows need one finance controller.',
  owner: 'finance-systems',
  control: 'SOX-12',
  quorum: 1,
  from: ['finance-controllers'],
  timeoutMs: 30 * minuteMs,
  validMs: 15 * minuteMs,
  escalated: false,
  assurance: 'session',
  reasonRequired: false,
  purposeRequired: false,
  distinct: false,
  enforcingDoorOnly: false,
}

function questionFor(agent: Agent, signOff: SignOff, run: string, now: number) {
  const terms = { signOffs: [signOff] }
  const decision = { kind: 'ask' as const, because: [signOff.id], policyVersion: 'v1', obligations: [], terms }
  const picture = {
    reads: [{ name: 'finance.orders', classes: ['financial'], domain: 'finance', known: true }],
    writes: [],
    classes: ['financial'],
    sensitive: true,
  }
  const action: ActionRecord['action'] = {
    tenant: 'default',
    gateway: 'mcp',
    door: 'enforcing',
    verb: 'data.export',
    operation: 'mcp.tools/call',
    resources: [{ kind: 'dataset', name: 'finance.orders' }],
    parameters: { run },
    environment: 'prod',
    agent: agent.id,
  }
  const record: ActionRecord = {
    id: newId('act'),
    action,
    digest: digestOf(action),
    sentence: 'Export 48,211 rows from finance.orders',
    effect: 'read',
    purpose: { text: 'Month end <b>now</b>' },
    picture,
    measures: { rows: 48_211 },
    risk: { score: 55, signals: [{ name: 'sensitive', points: 40, says: 'Financial data leaves its home.' }] },
    decision,
    observed: false,
    attempt: { credential: 'key-1', id: run },
    session: 'session-1',
    client: 'a test',
  }
  const card: Card = {
    bound: { action, picture, measures: record.measures, terms, obligations: [] },
    advisory: {
      sentence: record.sentence,
      purpose: record.purpose,
      risk: record.risk,
      client: record.client,
      askedAt: now,
      team: agent.team,
    },
  }
  const approval: OpenApproval = {
    state: 'open',
    id: newId('apr'),
    version: 1,
    actionId: record.id,
    digest: record.digest,
    card,
    shown: digestOf(card),
    decision,
    terms,
    team: agent.team,
    barred: [agent.owner],
    signatures: [],
    askedAt: now,
    expiresAt: now + signOff.timeoutMs,
  }
  return { record, approval }
}

const { assurance: _assurance, escalated: _escalated, ...named } = sampleSignOff
const note: PolicyNote = {
  id: sampleSignOff.id,
  doc: sampleSignOff.doc,
  owner: sampleSignOff.owner,
  control: sampleSignOff.control,
  kind: 'sign-off',
  text: 'forbid (principal, action, resource);',
  signOff: { ...named, assurance: undefined },
  obligations: [],
}
const policySet: PolicySet = {
  version: 'v1',
  policies: [note],
  policy: (id) => (id === note.id ? note : undefined),
  couldAllow: () => true,
  evaluate: (which) => (which === 'auto' ? { kind: 'deny', by: [note.id] } : { kind: 'allow', by: [] }),
}

/** Says little: what the real one says is tested where it stands. */
const workshop: ApiParts['workshop'] = {
  files: async () => [{ name: 'site.cedar', text: note.text }],
  test: async () => undefined,
  explain: () => ({
    decision: { kind: 'allow', because: [], policyVersion: 'v1', obligations: [] },
    says: 'It runs at once.',
    policies: [],
    changes: [{ change: 'in prod', answer: 'ask' }],
  }),
  questions: () => {
    throw new CountersignError('ERR_INPUT_INVALID', { cases: 'nobody said who that is' })
  },
  tryOut: async () => ({
    kind: 'refused',
    problems: [{ file: 'site.cedar', line: 2, column: 3, policy: undefined, says: 'is no policy' }],
  }),
}
