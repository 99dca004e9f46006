/**
 * People: who signed in, what they may do here, and giving them a part in running this deployment.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { CountersignError } from '@countersign/core'
import { inOffice, roleSources, withRoles } from '@countersign/identity'
import {
  AccountInput,
  ActivityInput,
  type Agent,
  byPerson,
  isLocal,
  type Person,
  PersonList,
  PersonView,
  RoleInput,
} from '@countersign/schema'
import { createRoute, z } from '@hono/zod-openapi'
import { createPeopleKeeping } from '../../people/people-keeping.ts'
import { mayChangeRoles, mayEndSessions, mayLink, maySeePeople, maySwitch } from '../front/access.ts'
import type { Api, ApiParts } from '../front/parts.ts'
import { telling } from '../../http/problems.ts'
import type { Reads } from '../front/reads.ts'
import { answers, idOf, moment, takes } from '../front/route.ts'

const list = createRoute({
  method: 'get',
  path: '/api/people',
  summary: 'Everyone who ever signed in, with their groups and roles.',
  responses: answers(PersonList, 'The people, by name.'),
})
const changingRoles = createRoute({
  method: 'post',
  path: '/api/people/{id}/roles',
  summary: 'Gives a role to another person, or takes one that was given. Takes the role identity.',
  request: { params: z.object({ id: idOf('per') }), ...takes(RoleInput) },
  responses: answers(PersonView, 'The person.'),
})

const endingSessions = createRoute({
  method: 'post',
  path: '/api/people/{id}/end-sessions',
  summary:
    'Ends the sessions of a person, at every instance; one’s own but for this one. Others’ take the role identity.',
  request: { params: z.object({ id: idOf('per') }), ...takes(z.strictObject({})) },
  responses: answers(PersonView, 'The person.'),
})
const switching = createRoute({
  method: 'post',
  path: '/api/people/{id}/activity',
  summary: 'Switches another person off, who is signed out and cannot come in, or on again. Takes the role identity.',
  request: { params: z.object({ id: idOf('per') }), ...takes(ActivityInput) },
  responses: answers(PersonView, 'The person.'),
})

const linking = createRoute({
  method: 'post',
  path: '/api/people/{id}/accounts',
  summary:
    'Links an account at a chat provider to a person, who answers by it once they confirm it, or unlinks it. Takes the role identity.',
  request: { params: z.object({ id: idOf('per') }), ...takes(AccountInput) },
  responses: answers(PersonView, 'The person.'),
})

/** How long one change of roles keeps others waiting, longer than a commit takes; one that comes later is refused. */
const turnMs = 5_000

export function people(api: Api, parts: ApiParts, reads: Reads): void {
  const { store, clock, groupRoles = {} } = parts
  const keeping = createPeopleKeeping({ ...store, clock })

  api.openapi(list, async (context) => {
    const { person } = context.get('visitor')
    if (!maySeePeople(person)) throw new CountersignError('ERR_NOT_ALLOWED')
    await reads.record(person.id, 'people', '')
    const [everyone, agents] = await Promise.all([store.people.list(), store.agents.list()])
    const byName = everyone.toSorted((one, other) => one.name.localeCompare(other.name, 'en'))
    return context.json({ items: byName.map((each) => view(each, person, agents)) }, 200)
  })

  api.openapi(changingRoles, async (context) => {
    const { person } = context.get('visitor')
    const { id } = context.req.valid('param')
    const change = context.req.valid('json')
    const changed = await inTurn((notAfter) => changeRole(person.id, id, change, notAfter))
    return context.json(view(changed, person, await store.agents.list()), 200)
  })

  api.openapi(endingSessions, async (context) => {
    const { person } = context.get('visitor')
    const { id } = context.req.valid('param')
    if (!mayEndSessions(person, { id })) throw new CountersignError('ERR_NOT_ALLOWED')
    const ended = await keeping.endSessions(id, byPerson(person.id))
    if (id === person.id) await parts.sessions.keep(context.req.header('cookie'), ended.sessionsEndedAt ?? clock.now())
    return context.json(view(ended, person, await store.agents.list()), 200)
  })

  api.openapi(switching, async (context) => {
    const { person } = context.get('visitor')
    const { id } = context.req.valid('param')
    if (!maySwitch(person, { id })) throw notYours()
    const switched = await keeping.switch(id, context.req.valid('json').active, byPerson(person.id))
    return context.json(view(switched, person, await store.agents.list()), 200)
  })

  api.openapi(linking, async (context) => {
    const { person } = context.get('visitor')
    const { id } = context.req.valid('param')
    if (!mayLink(person)) throw new CountersignError('ERR_NOT_ALLOWED')
    const { change, ...account } = context.req.valid('json')
    const how = change === 'link' ? keeping.link : keeping.unlink
    const changed = await how(id, account, byPerson(person.id))
    return context.json(view(changed, person, await store.agents.list()), 200)
  })

  /** Both are read in here: two who take the role from each other at once must not both succeed. */
  async function changeRole(by: string, id: string, input: RoleInput, notAfter: number): Promise<Person> {
    const [giver, other] = await Promise.all([store.people.get(by), store.people.get(id)])
    if (!other) throw new CountersignError('ERR_PERSON_MISSING')
    if (!giver?.active || !mayChangeRoles(inOffice(giver, groupRoles), other)) throw notYours()
    const roles = new Set(other.roles)
    if (input.change === 'give') roles.add(input.role)
    else roles.delete(input.role)
    if (roles.size === other.roles.length) return other
    const person = withRoles(other, [...roles])
    await store.commit({ facts: [{ kind: 'person.changed', change: 'roles', by: byPerson(by), person }], notAfter })
    return person
  }

  /** One change of roles at a time, on whichever instance. @throws ERR_STORE_CONFLICT while another is under way */
  async function inTurn<T>(work: (notAfter: number) => Promise<T>): Promise<T> {
    const holder = randomUUID()
    const notAfter = clock.now() + turnMs - 1
    if ((await store.leases.hold('roles', holder, turnMs)) === undefined) {
      throw new CountersignError('ERR_STORE_CONFLICT')
    }
    try {
      return await work(notAfter)
    } finally {
      await store.leases.release('roles', holder).catch(() => undefined) // it runs out by itself
    }
  }

  function view(person: Person, visitor: Person, agents: readonly Agent[]): PersonView {
    const { id, name, email, issuer, subject, active, groups, groupsAsOf, groupsTrouble, signedInAt } = person
    const { accounts = [] } = person
    return {
      id,
      name,
      ...(email !== undefined && { email }),
      issuer,
      subject,
      active,
      local: isLocal(person),
      groups,
      groupsAsOf: moment(groupsAsOf),
      ...(groupsTrouble !== undefined && { groupsTrouble }),
      ...(signedInAt !== undefined && { signedInAt: moment(signedInAt) }),
      roles: roleSources(person, groupRoles).map(({ role, given, groups: through }) => ({
        role,
        given,
        groups: [...through],
      })),
      accounts: accounts.map(({ linkedAt, confirmedAt, ...account }) => ({
        ...account,
        linkedAt: moment(linkedAt),
        confirmed: confirmedAt !== undefined,
      })),
      agents: agents.filter(({ owner }) => owner === id).map((agent) => ({ id: agent.id, name: agent.name })),
      you: {
        same: id === visitor.id,
        mayChangeRoles: mayChangeRoles(visitor, person),
        mayEndSessions: mayEndSessions(visitor, person),
        mayLink: mayLink(visitor),
        maySwitch: maySwitch(visitor, person),
      },
    }
  }
}

const notYours = () =>
  telling(
    new CountersignError('ERR_NOT_ALLOWED'),
    'Giving and taking roles takes the role identity, and nobody changes their own.',
  )
