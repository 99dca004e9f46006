/**
 * Agents: who they are, their keys, and the switch that stops them (P15).
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import { createRoute, z } from '@hono/zod-openapi'
import {
  Agent,
  AgentChangeInput,
  AgentInput,
  AgentList,
  AgentView,
  type Approval,
  byPerson,
  IssuedKey,
  KeyInput,
  type Person,
  StopInput,
} from '@countersign/schema'
import { mayChangeAgents, mayRetire, maySeeAgent, mayStart, mayStop } from '../front/access.ts'
import { readyLines } from '../../agents/ready-lines.ts'
import type { Issued } from '../../agents/roster.ts'
import { viewOf } from './agent-view.ts'
import { createNames } from '../front/names.ts'
import type { Api, ApiParts } from '../front/parts.ts'
import { telling } from '../../http/problems.ts'
import { answers, idOf, moment, takes } from '../front/route.ts'

const one = z.object({ id: Agent.shape.id })
const dayMs = 86_400_000

const list = createRoute({
  method: 'get',
  path: '/api/agents',
  summary: 'Agents that you may see.',
  responses: answers(AgentList, 'The agents.'),
})
const registering = createRoute({
  method: 'post',
  path: '/api/agents',
  summary: 'Registers an agent; its key is shown this once.',
  request: takes(AgentInput),
  responses: answers(IssuedKey, 'The agent and its key.'),
})
const rotating = createRoute({
  method: 'post',
  path: '/api/agents/{id}/keys',
  summary: 'Issues a new key, shown this once; the keys of before run out.',
  request: { params: one, ...takes(KeyInput) },
  responses: answers(IssuedKey, 'The agent and its new key.'),
})
const revoking = createRoute({
  method: 'post',
  path: '/api/agents/{id}/keys/{key}/revoke',
  summary: 'Revokes a key: it proves nobody from now on.',
  request: { params: one.extend({ key: idOf('key') }), ...takes(z.strictObject({})) },
  responses: answers(AgentView, 'The agent.'),
})
const changing = createRoute({
  method: 'post',
  path: '/api/agents/{id}/change',
  summary: 'Changes name, owner, team, groups or environment. Whoever does cannot approve for it any more.',
  request: { params: one, ...takes(AgentChangeInput) },
  responses: answers(AgentView, 'The agent.'),
})
const retiring = createRoute({
  method: 'post',
  path: '/api/agents/{id}/retire',
  summary: 'Retires an agent: stopped for good, its keys revoked, its id taken.',
  request: { params: one, ...takes(StopInput) },
  responses: answers(AgentView, 'The agent.'),
})
const stopping = createRoute({
  method: 'post',
  path: '/api/agents/{id}/stop',
  summary: 'Stops an agent: nothing of it is permitted from now on.',
  request: { params: one, ...takes(StopInput) },
  responses: answers(AgentView, 'The agent.'),
})
const starting = createRoute({
  method: 'post',
  path: '/api/agents/{id}/start',
  summary: 'Starts a stopped agent again. Takes another person than the one who stopped it.',
  request: { params: one, ...takes(z.strictObject({})) },
  responses: answers(AgentView, 'The agent.'),
})

export function agents(api: Api, parts: ApiParts): void {
  const { store, stops, clock, roster } = parts

  api.openapi(list, async (context) => {
    const { person } = context.get('visitor')
    const shown = (await store.agents.list()).filter((agent) => maySeeAgent(person, agent))
    const unsettled = await unsettledOf(undefined)
    const viewer = { person, names: createNames(store), unsettled, actions: store.actions, now: clock.now() }
    const items = await Promise.all(shown.map((agent) => viewOf(agent, viewer)))
    const mayRegister = mayChangeAgents(person)
    const known = mayRegister ? await roster.known() : { teams: [], agentGroups: [] }
    return context.json({ items, you: { mayRegister }, known }, 200)
  })

  api.openapi(registering, async (context) => {
    const { person } = context.get('visitor')
    mustChangeAgents(person)
    const { keyDays, ...what } = context.req.valid('json')
    return context.json(await issued(await roster.register(what, byPerson(person.id), keyDays * dayMs), person), 200)
  })

  api.openapi(rotating, async (context) => {
    const { person } = context.get('visitor')
    mustChangeAgents(person)
    const { keyDays, overlapHours } = context.req.valid('json')
    const how = { expiresInMs: keyDays * dayMs, overlapMs: overlapHours * 3_600_000 }
    return context.json(
      await issued(await roster.rotate(context.req.valid('param').id, byPerson(person.id), how), person),
      200,
    )
  })

  api.openapi(revoking, async (context) => {
    const { person } = context.get('visitor')
    mustChangeAgents(person)
    const { id, key } = context.req.valid('param')
    const agent = await roster.revoke(id, key, byPerson(person.id))
    return context.json(await seen(agent, person, await unsettledOf(id)), 200)
  })

  api.openapi(changing, async (context) => {
    const { person } = context.get('visitor')
    mustChangeAgents(person)
    const { id } = context.req.valid('param')
    const agent = await roster.change(id, context.req.valid('json'), byPerson(person.id))
    return context.json(await seen(agent, person, await unsettledOf(id)), 200)
  })

  api.openapi(retiring, async (context) => {
    const { person } = context.get('visitor')
    const { because = 'retired at the console' } = context.req.valid('json')
    const agent = await existing(context.req.valid('param').id)
    if (!mayRetire(person, agent)) throw new CountersignError('ERR_NOT_ALLOWED')
    return context.json(await seen(await roster.retire(agent.id, byPerson(person.id), because), person), 200)
  })

  api.openapi(stopping, async (context) => {
    const { person } = context.get('visitor')
    const { because = 'stopped at the console' } = context.req.valid('json')
    const agent = await existing(context.req.valid('param').id)
    if (!mayStop(person, agent, await unsettledOf(agent.id))) throw new CountersignError('ERR_NOT_ALLOWED')
    const stopped = await stops.stop(agent.id, byPerson(person.id), because)
    return context.json(await seen(stopped, person), 200)
  })

  api.openapi(starting, async (context) => {
    const { person } = context.get('visitor')
    const agent = await existing(context.req.valid('param').id)
    if (agent.status === 'stopped' && !mayStart(person, agent)) {
      throw telling(
        new CountersignError('ERR_NOT_ALLOWED'),
        'Starting takes the role operations, and someone who neither stopped this agent nor owns it.',
      )
    }
    const started = await stops.start(agent.id, byPerson(person.id))
    return context.json(await seen(started, person), 200)
  })

  async function existing(id: string): Promise<Agent> {
    const agent = await store.agents.get(id)
    if (!agent) throw new CountersignError('ERR_AGENT_MISSING', { id })
    return agent
  }

  async function unsettledOf(agent: string | undefined): Promise<readonly Approval[]> {
    const states = ['open', 'granted'] as const
    const { items } = await store.approvals.list({ states, limit: 200, ...(agent !== undefined && { agent }) })
    return items
  }

  async function issued({ agent, secret: key }: Issued, person: Person): Promise<IssuedKey> {
    const expiresAt = moment(agent.keys.at(-1)?.expiresAt ?? clock.now())
    return { agent: await seen(agent, person), key, expiresAt, ready: readyLines(key, parts.running.addresses) }
  }

  const seen = (agent: Agent, person: Person, unsettled: readonly Approval[] = []) =>
    viewOf(agent, { person, names: createNames(store), unsettled, actions: store.actions, now: clock.now() })
}

function mustChangeAgents(person: Person): void {
  if (!mayChangeAgents(person)) throw new CountersignError('ERR_NOT_ALLOWED')
}
