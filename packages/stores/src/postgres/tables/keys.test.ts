import { digestOf, emptyWorld } from '@countersign/core'
import type { Agent } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { sampleAgent } from '../../conformance.ts'
import { rememberKeys } from './keys.ts'

const hash = digestOf('a key')

function open({ most = 10 } = {}) {
  const world = emptyWorld()
  const there = { agent: undefined as Agent | undefined, looks: 0, current: true }
  const stands = (agent: Agent, entry: number, erased = false) => {
    there.agent = agent
    const { id, version, status } = agent
    world.agents.set(id, { id, version, status, entry, keys: [hash], owner: null, team: null, erased })
    return agent
  }
  const byKey = rememberKeys({
    async look() {
      there.looks += 1
      return there.agent
    },
    world: () => world,
    isCurrent: () => there.current,
    most,
  })
  return { there, byKey, stands, world }
}

describe('an agent known by its key', () => {
  it('is looked up once, as long as it is as it was', async () => {
    const { there, byKey, stands } = open()
    const agent = stands(sampleAgent(), 7)
    for (const _ of [1, 2, 3]) expect(await byKey(hash)).toBe(agent)
    expect(there.looks).toBe(1)
  })

  it.each<[string, (all: ReturnType<typeof open>, agent: Agent) => void]>([
    ['has changed', ({ stands }, agent) => stands({ ...agent, version: agent.version + 1, status: 'stopped' }, 9)],
    ['is erased', ({ stands }, agent) => stands(agent, 7, true)],
    ['is in no world any more', ({ world }, agent) => world.agents.delete(agent.id)],
    ['was said anew elsewhere in the ledger', ({ stands }, agent) => stands(agent, 8)],
    ['may have changed elsewhere', ({ there }) => (there.current = false)],
  ])('is looked up again once it %s', async (_, happens) => {
    const all = open()
    const agent = all.stands(sampleAgent(), 7)
    await all.byKey(hash)
    happens(all, agent)
    expect(await all.byKey(hash)).toBe(all.there.agent)
    expect(all.there.looks).toBe(2)
  })

  it('is not remembered where the world in memory says something else of it, or nothing', async () => {
    const { there, byKey, stands } = open()
    const agent = stands(sampleAgent(), 7)
    there.agent = { ...agent, version: agent.version + 1 } // found by a look, and not yet taken up here
    for (const _ of [1, 2]) await byKey(hash)
    there.agent = undefined
    for (const _ of [1, 2]) expect(await byKey(hash)).toBeUndefined()
    expect(there.looks).toBe(4)
  })

  it('is forgotten for others', async () => {
    const { there, byKey, stands } = open({ most: 2 })
    stands(sampleAgent(), 7)
    for (const each of ['a', 'b', 'c', 'a']) await byKey(digestOf(each))
    expect(there.looks).toBe(4)
    await byKey(digestOf('c'))
    expect(there.looks).toBe(4)
  })
})
