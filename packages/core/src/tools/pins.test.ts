import { byPerson, type Fact, type ToolRecord } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CountersignError } from '../errors.ts'
import { createPins } from './pins.ts'
import { standingOf } from './tool-changes.ts'

const listed = (name: string, hash: string) => ({ name, hash, says: { name } })

/** The store's part of it, with the rule of versions; `facts` is what two instances have written. */
function shared() {
  const tools = new Map<string, ToolRecord>()
  const facts: Fact[] = []
  const store: Parameters<typeof createPins>[0]['store'] = {
    tools: {
      get: async (id) => tools.get(id),
      list: async (server) => [...tools.values()].filter((tool) => tool.server === server),
    },
    async commit(change) {
      const told = change.facts.flatMap((fact) => (fact.kind === 'tool.changed' ? [fact] : []))
      for (const { tool } of told) {
        if (tool.version !== (tools.get(tool.id)?.version ?? 0) + 1) throw new CountersignError('ERR_STORE_CONFLICT')
      }
      for (const { tool } of told) tools.set(tool.id, tool)
      return facts.push(...told)
    },
  }
  return { store, tools, facts, changes: () => facts.map((fact) => 'change' in fact && fact.change) }
}

describe('what is known of a tool', () => {
  it('two instances that see a server for the first time at once pin it once', async () => {
    const { store, changes } = shared()
    const instances = [createPins({ store }), createPins({ store })]
    await Promise.all(instances.map((pins) => pins.see('s', [listed('a', '1'), listed('b', '1')])))
    expect(changes()).toEqual(['pinned', 'pinned'])
    expect(instances.map((pins) => pins.pinned('s', 'a'))).toEqual(['1', '1'])
  })

  it('what one instance accepts another uses once it is shown it, and watchers hear of pins alone', async () => {
    const { store, tools } = shared()
    const [here, there] = [createPins({ store }), createPins({ store })]
    const heard: string[] = []
    await there.see('s', [listed('a', '1')])
    const stop = there.watch((server) => heard.push(server))
    await here.see('s', [listed('a', '2')])
    there.show(tools.get('s/a')!)
    expect([there.pinned('s', 'a'), heard]).toEqual(['1', []])

    const before = tools.get('s/a')!
    await here.accept('s/a', '2', byPerson('per_1'))
    there.show(tools.get('s/a')!)
    there.show(before) // comes late
    expect([there.pinned('s', 'a'), heard]).toEqual(['2', ['s']])
    stop()
    await here.see('s', [listed('a', '3')])
    await here.accept('s/a', '3', byPerson('per_1'))
    there.show(tools.get('s/a')!)
    expect(heard).toEqual(['s'])
  })

  it.each([
    ['s/nothing', '1', 'ERR_TOOL_UNKNOWN'],
    ['s/a', '2', 'ERR_CARD_CHANGED'],
  ])('%s with hash %s is not accepted', async (id, hash, code) => {
    const { store, facts } = shared()
    const pins = createPins({ store })
    await pins.see('s', [listed('a', '1')])
    await expect(pins.accept(id, hash, byPerson('per_1'))).rejects.toMatchObject({ code })
    expect(facts).toHaveLength(1)
  })

  it('a law: after its first sight nothing of a server may be used that a person has not accepted', async () => {
    const list = fc.uniqueArray(
      fc.record({ name: fc.constantFrom('a', 'b', 'c'), hash: fc.constantFrom('1', '2', '3') }),
      {
        selector: ({ name }) => name,
      },
    )
    const happening = fc.oneof(
      list.map((tools) => ({ lists: tools })),
      fc.constantFrom('a', 'b', 'c').map((name) => ({ accepts: name })),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 12 }), async (day) => {
        const { store, tools } = shared()
        const trusted = new Map<string, string>()
        for (const each of day) {
          const pins = createPins({ store }) // as if started anew each time
          if ('lists' in each) {
            const fresh = tools.size === 0
            await pins.see(
              's',
              each.lists.map(({ name, hash }) => listed(name, hash)),
            )
            if (fresh) for (const { name, hash } of each.lists) trusted.set(name, hash)
            for (const { name } of each.lists) expect(pins.pinned('s', name)).toBe(trusted.get(name))
          } else {
            const tool = tools.get(`s/${each.accepts}`)
            if (!tool) continue
            const after = await pins.accept(tool.id, tool.listed.hash, byPerson('per_1'))
            expect(standingOf(after)).toBe('pinned')
            trusted.set(each.accepts, tool.listed.hash)
          }
        }
      }),
    )
  })
})
