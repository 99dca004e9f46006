/**
 * What Countersign makes of a server's list of tools.
 *
 *   the server was never seen       ─▶ its whole list is pinned: trust on first use
 *   as it was listed before         ─▶ nothing
 *   new, or not as it was listed    ─▶ written down; it may be used once it is what is pinned
 *
 * @module
 */
import { bySystem, type FactOf, type ToolDefinition, type ToolRecord, type ToolStanding } from '@countersign/schema'

export interface Listed extends ToolDefinition {
  readonly name: string
}

/** `known` is everything recorded of this server. A tool that is no longer listed stays as it was. */
export function toolChanges(
  server: string,
  known: readonly ToolRecord[],
  listed: readonly Listed[],
): readonly FactOf<'tool.changed'>[] {
  const before = new Map(known.map((tool) => [tool.name, tool]))
  return listed.flatMap(({ name, ...definition }): FactOf<'tool.changed'>[] => {
    const tool = before.get(name)
    if (tool?.listed.hash === definition.hash) return []
    const fresh: ToolRecord = { id: `${server}/${name}`, version: 1, server, name, listed: definition }
    if (known.length === 0) return [seen('pinned', { ...fresh, pinned: definition })]
    return [seen('listed', tool ? { ...tool, version: tool.version + 1, listed: definition } : fresh)]
  })
}

const seen = (change: 'pinned' | 'listed', tool: ToolRecord) =>
  ({ kind: 'tool.changed', change, by: bySystem, tool }) as const

export function standingOf({ pinned, listed }: Pick<ToolRecord, 'pinned' | 'listed'>): ToolStanding {
  if (!pinned) return 'new'
  return pinned.hash === listed.hash ? 'pinned' : 'changed'
}
