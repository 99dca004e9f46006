import { createRoute } from '@hono/zod-openapi'
import { byPerson, isLocal, Me, OwnAccountInput } from '@countersign/schema'
import { createPeopleKeeping } from '../../people/people-keeping.ts'
import { assuranceOf } from '../front/assurance.ts'
import { createNames } from '../front/names.ts'
import type { Api, ApiParts, Visitor } from '../front/parts.ts'
import { answers, moment, takes } from '../front/route.ts'

const read = createRoute({
  method: 'get',
  path: '/api/me',
  summary: 'Who you are here, and how well Countersign knows it.',
  responses: answers(Me, 'You.'),
})

const answering = createRoute({
  method: 'post',
  path: '/api/me/accounts',
  summary: 'Confirms that an account at a chat provider that was linked to you is yours, once, or says that it is not.',
  request: takes(OwnAccountInput),
  responses: answers(Me, 'You.'),
})

export function me(api: Api, { store, clock, demo }: ApiParts): void {
  const keeping = createPeopleKeeping({ ...store, clock })

  api.openapi(read, async (context) => context.json(await seen(context.get('visitor')), 200))

  api.openapi(answering, async (context) => {
    const { person, session } = context.get('visitor')
    const { change, ...account } = context.req.valid('json')
    const changed =
      change === 'confirm'
        ? await keeping.confirm(person.id, account)
        : await keeping.unlink(person.id, account, byPerson(person.id))
    return context.json(await seen({ person: { ...person, accounts: changed.accounts }, session }), 200)
  })

  async function seen({ person, session }: Pick<Visitor, 'person' | 'session'>): Promise<Me> {
    const { id, name, email, issuer, subject, roles, groups, groupsAsOf, accounts = [] } = person
    const names = createNames(store)
    const unconfirmed = accounts.filter(({ confirmedAt }) => confirmedAt === undefined)
    return {
      person: { id, name, ...(email !== undefined && { email }), issuer, subject },
      roles,
      groups,
      groupsAsOf: moment(groupsAsOf),
      session: {
        startedAt: moment(session.startedAt),
        authenticatedAt: moment(session.authTime ?? session.startedAt),
        assurance: assuranceOf(session, clock.now()),
      },
      unconfirmed: await Promise.all(
        unconfirmed.map(async ({ provider, id: account, linkedBy, linkedAt }) => ({
          provider,
          id: account,
          linkedBy: await names.person(linkedBy),
          linkedAt: moment(linkedAt),
        })),
      ),
      demo,
      local: isLocal(person),
    }
  }
}
