import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Agent, byPerson, type Person } from '@countersign/schema'
import { codeOf, createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
let person: Person
let cookie: string
let agent: Agent
beforeEach(async () => {
  rig = await createRig({ heartbeatMs: 5 })
  person = await rig.person('controller', { groups: ['finance-controllers'] })
  cookie = await rig.cookieOf(person)
  agent = await rig.agent(await rig.person('owner'))
})
afterEach(() => rig.close())

const listen = async (headers: Record<string, string> = {}) => {
  const response = await rig.call('/api/events', { headers: { cookie, ...headers } })
  return { response, ...reading(response) }
}

/** Reads until a number of events are there; comments are counted apart. */
function reading(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const more = async () => {
    const { done, value } = await reader.read()
    text += value ?? ''
    return !done
  }
  return {
    async events(count: number) {
      const found = () => [...text.matchAll(/id: (\d+)\nevent: (\w+)\ndata: (.*)\n\n/g)]
      while (found().length < count && (await more()));
      return found().map(([, id, event, data]) => ({
        id: Number(id),
        event,
        data: JSON.parse(data ?? '') as { kind: string },
      }))
    },
    async comments(count: number) {
      while ((text.match(/^: here$/gm) ?? []).length < count && (await more()));
    },
    async end() {
      while (await more());
    },
    cancel: () => reader.cancel(),
  }
}

describe('events', () => {
  it('tell what happens from now on, by ids alone', async () => {
    const window = await listen()
    expect(window.response.headers.get('content-type')).toBe('text/event-stream')
    const question = await rig.ask(agent)
    const events = await window.events(2)
    expect(events.map(({ data }) => data)).toEqual([
      { index: 3, kind: 'action.decided', action: question.actionId, agent: agent.id },
      { index: 4, kind: 'approval.asked', approval: question.id, action: question.actionId, agent: agent.id },
    ])
    await window.cancel()
  })

  it('catch a window up from the last it saw, without gap or repeat', async () => {
    const first = await listen()
    await rig.ask(agent)
    const seen = (await first.events(2)).at(-1)!.id
    await first.cancel()
    for (let asked = 0; asked < 3; asked++) await rig.ask(agent)
    const second = await listen({ 'last-event-id': `${seen}` })
    await rig.ask(agent)
    const ids = (await second.events(8)).map(({ id }) => id)
    expect(ids).toEqual(Array.from({ length: 8 }, (_, at) => seen + 1 + at))
    await second.cancel()
  })

  it('say reset to a window that missed too much', async () => {
    const facts = Array.from({ length: 1200 }, () => ({
      kind: 'record.read' as const,
      by: byPerson('x'),
      what: 'y',
      query: 'z',
    }))
    await rig.store.commit({ facts })
    const window = await listen({ 'last-event-id': '0' })
    await rig.ask(agent)
    expect((await window.events(3)).map(({ event }) => event)).toEqual(['reset', 'hint', 'hint'])
    await window.cancel()
  })

  it('do not tell who read or who signed in', async () => {
    const window = await listen()
    await rig.person('someone else')
    await rig.get('/api/approvals', cookie)
    await rig.ask(agent)
    expect((await window.events(1))[0]?.data.kind).toBe('action.decided')
    await window.cancel()
  })

  it('give signs of life, and end with the session', async () => {
    const window = await listen()
    await window.comments(2)
    await rig.parts.sessions.closePerson(person.id)
    await window.end()
  })

  it('end when Countersign closes', async () => {
    const window = await listen()
    rig.api.windows.close()
    await window.end()
  })

  it('are for a bounded number of windows, and a closed one makes room', async () => {
    const windows = await Promise.all(Array.from({ length: 10 }, () => listen()))
    expect(await codeOf(await rig.call('/api/events', { headers: { cookie } }))).toBe('ERR_TOO_MANY')
    await windows[0]?.cancel()
    const again = await listen()
    expect(again.response.status).toBe(200)
    await Promise.all([again, ...windows.slice(1)].map((window) => window.cancel()))
  })

  it.each(['-1', 'x', '1e3', '99999999999999999999'])('refuse %s as the last seen', async (last) => {
    expect((await rig.call('/api/events', { headers: { cookie, 'last-event-id': last } })).status).toBe(400)
  })
})
