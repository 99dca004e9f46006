/**
 * Tools of the servers behind Countersign: how each stands, and the word of a person that a definition may be used.
 *
 * @module
 */
import { CountersignError, standingOf } from '@countersign/core'
import { byPerson, type Person, ToolAcceptance, ToolList, type ToolRecord, ToolView } from '@countersign/schema'
import { createRoute } from '@hono/zod-openapi'
import { mayAcceptTools } from '../front/access.ts'
import type { Api, ApiParts } from '../front/parts.ts'
import { answers, takes } from '../front/route.ts'
import { mustBelong } from '../front/who.ts'

const listing = createRoute({
  method: 'get',
  path: '/api/tools',
  summary: 'Every tool that a server behind Countersign has listed, and the gateways that only observe.',
  responses: answers(ToolList, 'The tools.'),
})
const accepting = createRoute({
  method: 'post',
  path: '/api/tools/accept',
  summary: 'Accepts a definition as it is listed now: agents may use the tool from then on. Takes the role operations.',
  request: takes(ToolAcceptance),
  responses: answers(ToolView, 'The tool.'),
})

export function tools(api: Api, parts: ApiParts): void {
  const { store, pins, running } = parts

  api.openapi(listing, async (context) => {
    await mustBelong(parts, context)
    const { person } = context.get('visitor')
    const items = (await store.tools.list()).map((tool) => view(tool, person))
    const observing = running.addresses
      .filter(({ observes }) => observes)
      .map(({ gateway, name }) => `${gateway}/${name}`)
    return context.json({ items, leftOut: [...pins.leftOut()], observing }, 200)
  })

  api.openapi(accepting, async (context) => {
    const { person } = context.get('visitor')
    if (!mayAcceptTools(person)) throw new CountersignError('ERR_NOT_ALLOWED')
    const { id, hash } = context.req.valid('json')
    return context.json(view(await pins.accept(id, hash, byPerson(person.id)), person), 200)
  })
}

function view(tool: ToolRecord, person: Person): ToolView {
  const { id, server, name, pinned, listed } = tool
  const standing = standingOf(tool)
  const mayAccept = standing !== 'pinned' && mayAcceptTools(person)
  return { id, server, name, standing, ...(pinned && { pinned }), listed, you: { mayAccept } }
}
