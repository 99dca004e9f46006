/**
 * What the command line may do on the machine of the instance: a socket in the data directory, for whoever may open
 * that. It reads, registers agents and stops them. It approves nothing (P4), and starts nothing that was stopped (P15).
 *
 * @module
 */
import { chmod } from 'node:fs/promises'
import { createServer } from 'node:http'
import {
  askedGroups,
  CountersignError,
  expire,
  type LineageSubject,
  type Running,
  type Stops,
  type Store,
} from '@countersign/core'
import type { Reload } from '@countersign/policy'
import { AccountInput, type Agent, type Approval, byOperator, isLocal, localIssuer, Role } from '@countersign/schema'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { z } from 'zod'
import { readStrictly } from '../http/request.ts'
import { subjectOf, subjectQuery } from '../api/lineage/lineage-subject.ts'
import { telling, toldOf } from '../http/problems.ts'
import type { LocalRoster } from '../people/local-people.ts'
import type { PeopleKeeping } from '../people/people-keeping.ts'
import { type Opened, readyLines } from '../agents/ready-lines.ts'
import type { Issued, Roster } from '../agents/roster.ts'
import { prepareSocket } from '../data/socket.ts'
import type { Standing } from './standing.ts'

export interface OperatorParts {
  readonly store: Store
  readonly stops: Stops
  readonly roster: Roster
  readonly keeping: PeopleKeeping
  readonly localPeople: LocalRoster | undefined
  readonly addresses: readonly Opened[]
  readonly url: string
  readonly vkey: string
  standing(): Promise<Standing>
  reload(by: 'operator'): Promise<Reload>
}

const by = byOperator

const NewAgent = z.strictObject({
  id: z.string(),
  name: z.string().optional(),
  owner: z.string().describe('A person’s id or email.'),
  team: z.string(),
  groups: z.array(z.string()).default([]),
  environment: z.string().default('prod'),
  mode: z.enum(['enforce', 'observe']).default('enforce'),
})

const ChangedAgent = z
  .strictObject({
    name: z.string(),
    owner: NewAgent.shape.owner,
    team: z.string(),
    groups: z.array(z.string()),
    environment: z.string(),
    mode: z.enum(['enforce', 'observe']),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { message: 'Say what shall be changed.' })

const NewPerson = z.strictObject({
  name: z.string().optional(),
  email: z.string().max(320).optional(),
  groups: z.array(z.string()).default([]),
  roles: z.array(Role).default([]),
})

export async function openOperatorSocket(dataDir: string, parts: OperatorParts): Promise<Running> {
  const path = await prepareSocket(dataDir)
  const app = operatorApp(parts)
  const answer = getRequestListener((request) => app.fetch(request))
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((ready, failed) => {
    server.once('error', failed).listen(path, ready)
  })
  await chmod(path, 0o600)
  return {
    async close() {
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
}

function operatorApp(parts: OperatorParts): Hono {
  const { store, stops, roster, keeping, localPeople, addresses, url, vkey, standing, reload } = parts
  const app = new Hono()
  app.onError((error, context) => {
    const issues =
      error instanceof z.ZodError ? error.issues.map(({ message, path }) => `${path.join('.')}: ${message}`) : []
    const known = issues.length > 0 ? new CountersignError('ERR_INPUT_INVALID') : knownOf(error)
    const { code, message, status } = known
    return context.json({ code, says: toldOf(known) ?? [message, ...issues].join(' ') }, status as 400)
  })

  app.notFound(() => {
    throw new CountersignError('ERR_NOT_FOUND')
  })

  app.get('/status', async (context) => context.json({ url, vkey, origin: store.ledger.origin, ...(await standing()) }))
  app.get('/ledger/state', async (context) => context.json(await store.check()))
  app.get('/approvals', async (context) => {
    const { items } = await store.approvals.list({ states: ['open'], limit: 200 })
    return context.json({ items: items.map((approval) => questionOf(approval, store.clock.now(), url)) })
  })
  app.get('/approvals/:id', async (context) => {
    const approval = await store.approvals.get(context.req.param('id'))
    if (!approval) throw new CountersignError('ERR_APPROVAL_UNKNOWN')
    return context.json(questionOf(approval, store.clock.now(), url))
  })
  app.get('/agents', async (context) => {
    const names = await namesOfPeople()
    const items = (await store.agents.list()).map((agent) => ({ ...shown(agent), ownerName: names.get(agent.owner) }))
    return context.json({ items })
  })
  app.post('/agents', async (context) => {
    const { name, owner, ...what } = NewAgent.parse(await bodyOf(context.req.raw))
    const issued = await roster.register({ ...what, name: name ?? what.id, owner: await personOf(owner) }, by)
    return context.json(withReady(issued), 201)
  })
  app.post('/agents/:id/keys', async (context) =>
    context.json(withReady(await roster.rotate(context.req.param('id'), by)), 201),
  )
  app.post('/agents/:id/change', async (context) => {
    const { owner, ...what } = ChangedAgent.parse(await bodyOf(context.req.raw))
    const id = context.req.param('id')
    const change = { ...what, ...(owner !== undefined && { owner: await personOf(owner) }) }
    return context.json(shown(await roster.change(id, change, by)))
  })
  app.post('/agents/:id/retire', async (context) =>
    context.json(shown(await roster.retire(context.req.param('id'), by, 'retired from the command line'))),
  )
  app.post('/agents/:id/stop', async (context) => {
    const id = context.req.param('id')
    const ids = id === 'all' ? (await store.agents.list()).map((agent) => agent.id) : [id]
    const because = 'stopped from the command line'
    const stopped = await Promise.all(ids.map((each) => stops.stop(each, by, because)))
    return context.json({ items: stopped.map(shown) })
  })
  app.get('/people', async (context) => {
    const items = (await store.people.list()).map((person) => ({ ...person, local: isLocal(person) }))
    return context.json({ items, local: localPeople !== undefined })
  })
  app.post('/people/:subject', async (context) => {
    const { name, ...what } = NewPerson.parse(await bodyOf(context.req.raw))
    const subject = context.req.param('subject')
    return context.json(await locals().add({ ...what, subject, name: name ?? subject }, by), 201)
  })
  app.post('/people/:subject/remove', async (context) => {
    const { subject } = (await localOf(context.req.param('subject'))) ?? {}
    return context.json(await locals().remove(subject ?? '', by))
  })
  app.post('/people/:person/end-sessions', async (context) =>
    context.json(await keeping.endSessions(await personOf(context.req.param('person')), by)),
  )
  app.post('/people/:person/accounts', async (context) => {
    const { change, ...account } = AccountInput.parse(await bodyOf(context.req.raw))
    const how = change === 'link' ? keeping.link : keeping.unlink
    return context.json(await how(await personOf(context.req.param('person')), account, by))
  })
  app.get('/lineage', async (context) => {
    const asked = subjectOf(z.strictObject(subjectQuery).parse(context.req.query()))
    const about: LineageSubject = asked.kind === 'person' ? { ...asked, name: await personOf(asked.name) } : asked
    const [{ items }, { before, after }] = await Promise.all([
      store.lineage.flows({ about, limit: 200 }),
      store.lineage.around({ about, most: 1 }),
    ])
    const people = await namesOfPeople()
    const named = (id: string) => people.get(id) ?? id
    return context.json({
      items: items.map((flow) => ({ ...flow, approvers: flow.approvers.map(named) })),
      before,
      after,
    })
  })
  app.post('/policies/reload', async (context) => context.json(await reload('operator')))
  return app

  function locals(): LocalRoster {
    if (localPeople) return localPeople
    throw telling(
      new CountersignError('ERR_PEOPLE_ELSEWHERE'),
      'People come from the identity provider that is connected, or have to: local people are for a deployment without one that this machine alone reaches.',
    )
  }

  async function localOf(text: string) {
    const [found] = [await store.people.byAccount(localIssuer, text), await store.people.get(text)].filter(
      (person) => person !== undefined && isLocal(person),
    )
    return found
  }

  function withReady({ agent, secret: key }: Issued) {
    return { agent: shown(agent), key, ready: readyLines(key, addresses) }
  }

  async function personOf(text: string): Promise<string> {
    const people = await store.people.list()
    const found = people.filter(({ id, email, subject }) => [id, email, subject].includes(text))
    if (found.length === 1 && found[0]) return found[0].id
    const known = people.flatMap(({ active, email, subject }) => (active ? [email ?? subject] : []))
    const there = known.length === 0 ? 'Nobody has signed in yet.' : `There are: ${known.slice(0, 20).join(', ')}.`
    throw telling(
      new CountersignError('ERR_PERSON_MISSING'),
      found.length > 1 ? `${text} is more than one person. Write an id.` : `There is no person ${text}. ${there}`,
    )
  }

  async function namesOfPeople(): Promise<ReadonlyMap<string, string>> {
    return new Map((await store.people.list()).map((person) => [person.id, person.name]))
  }
}

const bodyOf = async (request: Request): Promise<unknown> => (await readStrictly(request)).json()

const knownOf = (error: unknown) => (error instanceof CountersignError ? error : new CountersignError('ERR_INTERNAL'))

const shown = ({ keys, ...agent }: Agent) => ({
  ...agent,
  status: agent.retiredAt === undefined ? agent.status : 'retired',
  keys: keys.map(({ id, expiresAt, revokedAt }) => ({ id, expiresAt, revokedAt })),
})

function questionOf(approval: Approval, now: number, url: string) {
  const { state } = expire(approval, now)
  return {
    id: approval.id,
    state,
    sentence: approval.card.advisory.sentence,
    agent: approval.card.bound.action.agent,
    environment: approval.card.bound.action.environment,
    risk: approval.card.advisory.risk.score,
    groups: askedGroups(approval),
    secondsLeft: state === 'open' ? Math.max(0, Math.ceil((approval.expiresAt - now) / 1000)) : 0,
    url: `${url}/approvals/${approval.id}`,
  }
}
