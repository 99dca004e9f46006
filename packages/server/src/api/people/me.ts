import { createRoute } from '@hono/zod-openapi'
import { isLocal, Me } from '@countersign/schema'
import { assuranceOf } from '../front/assurance.ts'
import type { Api, ApiParts } from '../front/parts.ts'
import { answers, moment } from '../front/route.ts'

const read = createRoute({
  method: 'get',
  path: '/api/me',
  summary: 'Who you are here, and how well Countersign knows it.',
  responses: answers(Me, 'You.'),
})

export function me(api: Api, { clock, demo }: ApiParts): void {
  api.openapi(read, (context) => {
    const { person, session } = context.get('visitor')
    const { id, name, email, issuer, subject, roles, groups, groupsAsOf } = person
    return context.json(
      {
        person: { id, name, ...(email !== undefined && { email }), issuer, subject },
        roles,
        groups,
        groupsAsOf: moment(groupsAsOf),
        session: {
          startedAt: moment(session.startedAt),
          authenticatedAt: moment(session.authTime ?? session.startedAt),
          assurance: assuranceOf(session, clock.now()),
        },
        demo,
        local: isLocal(person),
      },
      200,
    )
  })
}
