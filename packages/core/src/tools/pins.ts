/**
 * A tool is what people were told it is. What is pinned stands in the ledger, so every instance holds to it, also after a
 * restart (docs/decisions/0011).
 *
 * @module
 */
import type { Actor, ToolRecord } from '@countersign/schema'
import { CountersignError } from '../errors.ts'
import type { Store, ToolPins } from '../ports.ts'
import { retried } from '../retried.ts'
import { toolChanges } from './tool-changes.ts'

export interface Pins extends ToolPins {
  /**
   * A person has looked at the definition with this hash, as it is listed now. Accepting what is pinned changes nothing.
   * @throws ERR_TOOL_UNKNOWN, ERR_CARD_CHANGED if it is listed otherwise by now
   */
  accept(id: string, hash: string, by: Actor): Promise<ToolRecord>
  /** What this instance last saw listed and cannot serve, by server. */
  leftOut(): readonly { readonly server: string; readonly name: string; readonly why: string }[]
  /** Told of every tool that any instance has recorded. */
  show(tool: ToolRecord): void
}

export function createPins({ store }: { store: Pick<Store, 'commit' | 'tools'> }): Pins {
  const known = new Map<string, ToolRecord>()
  const leftOut = new Map<string, readonly { readonly name: string; readonly why: string }[]>()
  const watchers = new Set<(server: string) => void>()

  function show(tool: ToolRecord): void {
    const before = known.get(tool.id)
    if (before && before.version >= tool.version) return
    known.set(tool.id, tool)
    if (before?.pinned?.hash === tool.pinned?.hash) return
    for (const told of watchers) told(tool.server)
  }

  return {
    show,

    leftOut: () => [...leftOut].flatMap(([server, tools]) => tools.map((tool) => ({ server, ...tool }))),

    see: (server, listed, out = []) =>
      retried(async () => {
        leftOut.set(server, out)
        const recorded = await store.tools.list(server)
        const facts = toolChanges(server, recorded, listed)
        if (facts.length > 0) await store.commit({ facts })
        for (const tool of [...recorded, ...facts.map((fact) => fact.tool)]) show(tool)
      }),

    pinned: (server, name) => known.get(`${server}/${name}`)?.pinned?.hash,

    watch(told) {
      watchers.add(told)
      return () => void watchers.delete(told)
    },

    accept: (id, hash, by) =>
      retried(async () => {
        const tool = await store.tools.get(id)
        if (!tool) throw new CountersignError('ERR_TOOL_UNKNOWN', { tool: id })
        if (tool.listed.hash !== hash) throw new CountersignError('ERR_CARD_CHANGED', { tool: id })
        if (tool.pinned?.hash === hash) return tool
        const accepted = { ...tool, version: tool.version + 1, pinned: tool.listed }
        await store.commit({ facts: [{ kind: 'tool.changed', change: 'accepted', by, tool: accepted }] })
        show(accepted)
        return accepted
      }),
  }
}
