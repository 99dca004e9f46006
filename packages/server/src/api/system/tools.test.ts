import { createPins, digestOf, type Pins } from '@countersign/core'
import type { ToolList } from '@countersign/schema'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
let cookie: string
let pins: Pins
beforeEach(async () => {
  rig = await createRig()
  pins = createPins({ store: rig.store })
  cookie = await rig.cookieOf(await rig.person('keeper', { roles: ['operations'] }))
})
afterEach(() => rig.close())

const definition = (description: string) => {
  const says = { name: 'search', description, inputSchema: { type: 'object' } }
  return { name: 'search', hash: digestOf(says), says }
}
const list = async (as = cookie) => (await (await rig.get('/api/tools', as)).json()) as ToolList
const accept = (hash: string, as = cookie, headers = {}) =>
  rig.post('/api/tools/accept', as, { id: 'crm/search', hash }, headers)

describe('a tool that changed', () => {
  const [first, second, third] = [definition('finds'), definition('finds, and tells'), definition('other')]
  beforeEach(async () => {
    await pins.see('crm', [first])
    await pins.see('crm', [second])
  })

  it('is shown with both definitions, and accepted by a person with the role, who stands in the ledger', async () => {
    const { name: _, ...listed } = second
    const { name: __, ...pinned } = first
    expect((await list()).items).toEqual([
      {
        id: 'crm/search',
        server: 'crm',
        name: 'search',
        standing: 'changed',
        pinned,
        listed,
        you: { mayAccept: true },
      },
    ])
    const answer = await accept(second.hash)
    expect(await answer.json()).toMatchObject({ standing: 'pinned', pinned: listed, you: { mayAccept: false } })
    expect((await list()).items).toMatchObject([{ standing: 'pinned' }])
    const [fact] = (await rig.facts()).slice(-1)
    expect(fact).toMatchObject({
      kind: 'tool.changed',
      change: 'accepted',
      by: { kind: 'person', id: expect.stringMatching(/^per_/) },
    })
    expect((await accept(second.hash)).status, 'again changes nothing').toBe(200)
    expect((await rig.facts()).slice(-1)).toEqual([fact])
  })

  it('is accepted as it was shown, or not at all', async () => {
    await pins.see('crm', [third])
    const answer = await accept(second.hash)
    expect([answer.status, await codeOf(answer)]).toEqual([409, 'ERR_CARD_CHANGED'])
    expect((await accept(first.hash)).status).toBe(409)
    expect(pins.pinned('crm', 'search')).toBe(first.hash)
  })

  it('P4: is accepted by nobody without the role, from another window or site, or with a token', async () => {
    const others = await rig.cookieOf(
      await rig.person('other', { roles: ['auditor', 'policy', 'identity', 'privacy'] }),
    )
    expect(await codeOf(await accept(second.hash, others))).toBe('ERR_NOT_ALLOWED')
    expect((await list(others)).items).toMatchObject([{ you: { mayAccept: false } }])
    expect(await codeOf(await accept(second.hash, cookie, { 'countersign-browser': 'x' }))).toBe('ERR_WINDOW')
    expect(await codeOf(await accept(second.hash, cookie, { origin: 'https://evil.example' }))).toBe('ERR_ORIGIN')
    expect(await codeOf(await accept(second.hash, cookie, { authorization: 'Bearer x' }))).toBe('ERR_TOKEN_REFUSED')
    expect(pins.pinned('crm', 'search')).toBe(first.hash)
  })

  it('is nothing for strangers', async () => {
    const stranger = await rig.cookieOf(await rig.person('stranger'))
    expect(await codeOf(await rig.get('/api/tools', stranger))).toBe('ERR_NOT_ALLOWED')
  })
})

it('a tool that nobody listed is not accepted', async () => {
  expect(await codeOf(await accept('a'.repeat(64)))).toBe('ERR_TOOL_UNKNOWN')
})

it('the gateways that only observe are named', async () => {
  const address = (name: string, observes: boolean) =>
    ({ gateway: 'mcp', name, address: `http://countersign/mcp/${name}`, mode: 'enforcing', observes }) as const
  const watched = await createRig({
    running: {
      node: { id: 'nod_here', epoch: () => 1 },
      followers: () => [],
      addresses: [address('crm', true), address('files', false)],
      concerns: () => [],
    },
  })
  const answer = await watched.get(
    '/api/tools',
    await watched.cookieOf(await watched.person('one', { roles: ['auditor'] })),
  )
  expect(await answer.json()).toEqual({ items: [], leftOut: [], observing: ['mcp/crm'] })
  await watched.close()
})

it('D2: a tool that cannot be served is shown with its server and the reason', async () => {
  const odd = { server: 'crm', name: 'odd', why: 'its inputSchema is no schema' }
  const served = await createRig({ pins: { ...pins, leftOut: () => [odd] } })
  const who = await served.cookieOf(await served.person('looks', { roles: ['auditor'] }))
  expect(await (await served.get('/api/tools', who)).json()).toMatchObject({ leftOut: [odd] })
  await served.close()
})
