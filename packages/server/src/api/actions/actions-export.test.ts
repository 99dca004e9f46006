import { ActionLine, ActionView, type Agent, type Approval } from '@countersign/schema'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
let agent: Agent
let auditor: string
let questions: Approval[]
beforeEach(async () => {
  rig = await createRig()
  agent = await rig.agent(await rig.person('owner'))
  auditor = await rig.cookieOf(await rig.person('auditor', { roles: ['auditor'] }))
  questions = []
  for (let more = 0; more < 3; more += 1) questions.push(await rig.ask(agent))
})
afterEach(() => rig.close())

const take = (query: string, cookie = auditor) => rig.get(`/api/actions/export?${query}`, cookie)
const newestFirst = () => questions.map(({ actionId }) => actionId).toReversed()

describe('a search of the record as a file', () => {
  it('has a line of JSON for each action', async () => {
    const answer = await take('format=json')
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="actions-2027-01-15.json"')
    const lines = (await answer.text()).trimEnd().split('\n')
    const actions = lines.map((line) => ActionLine.parse(JSON.parse(line)))
    expect(actions.map(({ id }) => id)).toEqual(newestFirst())
    expect(actions[0]).toMatchObject({ reads: ['finance.orders'], purpose: { text: 'Month end <b>now</b>' } })
  })

  it('has a row for each action under the names of its columns', async () => {
    const rows = (await (await take('format=csv')).text()).split('\r\n')
    expect(rows[0]).toMatch(/^"at","id","standing",/)
    expect(rows.slice(1, -1).map((row) => row.split(',')[1])).toEqual(newestFirst().map((id) => `"${id}"`))
    expect(rows.at(-1)).toBe('')
  })

  it('G20: what is exported carries the ids and digests that the page shows, and names beside them', async () => {
    const [id = ''] = newestFirst()
    const page = ActionView.parse(await (await rig.get(`/api/actions/${id}`, auditor)).json())
    const [line = ''] = (await (await take('format=json')).text()).split('\n')
    const { digest, agent: by, approval } = page
    expect(ActionLine.parse(JSON.parse(line))).toMatchObject({ id, digest, agent: by, approval })
    const [head = '', first = ''] = (await (await take('format=csv')).text()).split('\r\n')
    const columns = head.replaceAll('"', '').split(',')
    for (const name of ['id', 'agent', 'agentName', 'approval', 'signedBy', 'digest']) expect(columns).toContain(name)
    for (const shown of [id, digest, by.id, by.name, approval ?? 'none']) expect(first).toContain(`"${shown}"`)
  })

  it.each([
    ['standing=done', 0],
    ['agent=reporter', 3],
  ])('takes the filters of the search: %s', async (filter, count) => {
    expect((await (await take(`format=json&${filter}`)).text()).split('\n')).toHaveLength(count + 1)
  })

  it('is itself on the record, and without that nothing is handed out (P8)', async () => {
    await (await take('format=csv&agent=reporter')).text()
    expect(await rig.facts()).toContainEqual(
      expect.objectContaining({ kind: 'record.read', what: 'actions.export', query: 'format=csv&agent=reporter' }),
    )
    const full = { ...rig.store, commit: () => Promise.reject(new Error('disk full')) }
    const instance = await createRig({ store: full, sessions: rig.parts.sessions })
    expect((await instance.get('/api/actions/export?format=csv', auditor)).status).toBe(500)
    await instance.close()
  })

  it('holds for others only what concerns them', async () => {
    const stranger = await rig.cookieOf(await rig.person('stranger'))
    expect(await (await take('format=json', stranger)).text()).toBe('')
  })

  it('is refused without a format, and when too many are under way; one that is given up makes room', async () => {
    expect((await take('agent=reporter')).status).toBe(400)
    const open = await Promise.all(Array.from({ length: 4 }, () => take('format=csv')))
    for (const { body } of open) expect(body).not.toBeNull()
    const readers = open.map(({ body }) => body?.getReader())
    for (const reader of readers) await reader?.read()
    const refused = await take('format=csv')
    expect([refused.status, await codeOf(refused)]).toEqual([429, 'ERR_TOO_MANY'])
    await readers[0]?.cancel()
    expect((await take('format=csv')).status).toBe(200)
    for (const reader of readers.slice(1)) await reader?.cancel()
  })
})
