/**
 * A tool is what the agent was told it is: what is not as it was pinned is set aside until a person has looked at it.
 *
 * @module
 */
import { digestOf, isError, type ToolPins } from '@countersign/core'
import type { ToolDefinition } from '@countersign/schema'
import { z } from 'zod'

const Hints = z.object({
  destructiveHint: z.boolean().optional().catch(undefined),
  readOnlyHint: z.boolean().optional().catch(undefined),
})

/** Everything an agent is shown of a tool, and so everything that is hashed. */
export const Tool = z.looseObject({
  name: z.string().regex(/^[\w.\-/]{1,128}$/),
  inputSchema: z.looseObject({ type: z.literal('object') }),
  annotations: Hints.loose().optional(),
})
export type Tool = z.infer<typeof Tool>

export type Definition =
  | { readonly kind: 'known'; readonly tool: Tool; readonly hash: string }
  | { readonly kind: 'quarantined'; readonly why: string }
  | { readonly kind: 'missing' }

export interface Definitions {
  /** Takes what the server lists now. @throws ERR_STORE_UNAVAILABLE */
  see(listed: readonly unknown[]): Promise<void>
  /** What may be shown. */
  shown(): readonly Tool[]
  find(name: string): Definition
  quarantined(): readonly string[]
}

/** The one tool of ours; an upstream that offers it as well does not get through. */
export const waitTool = 'countersign_wait'

export function createDefinitions(server: string, pins: ToolPins): Definitions {
  let current = new Map<string, { tool: Tool; hash: string }>()
  /** A list that was overtaken by a later one is not what the server says now. */
  let newest = 0

  const isPinned = ({ tool, hash }: { tool: Tool; hash: string }) => pins.pinned(server, tool.name) === hash

  return {
    async see(listed) {
      const turn = (newest += 1)
      const read = readAll(listed)
      await pins.see(
        server,
        read.map(({ tool, hash }) => ({ name: tool.name, hash, says: tool as ToolDefinition['says'] })),
      )
      if (turn === newest) current = new Map(read.map((entry) => [entry.tool.name, entry]))
    },
    shown: () => [...current.values()].filter(isPinned).map(({ tool }) => tool),
    find(name) {
      const entry = current.get(name)
      if (!entry) return { kind: 'missing' }
      if (isPinned(entry)) return { kind: 'known', ...entry }
      const isNew = pins.pinned(server, name) === undefined
      return { kind: 'quarantined', why: isNew ? 'it is new' : 'its definition has changed' }
    },
    quarantined: () => [...current.values()].filter((entry) => !isPinned(entry)).map(({ tool }) => tool.name),
  }
}

const mostBytesOfOne = 64 << 10
const mostBytesOfAll = 4 << 20

/** By name, the last one of a name counting; what is too large to be kept is not offered. */
function readAll(listed: readonly unknown[]): { tool: Tool; hash: string }[] {
  const named = new Map(listed.flatMap(readable).map((entry) => [entry.tool.name, entry]))
  let left = mostBytesOfAll
  return [...named.values()].filter(({ tool }) => {
    const bytes = Buffer.byteLength(JSON.stringify(tool))
    if (bytes > mostBytesOfOne || bytes > left) return false
    left -= bytes
    return true
  })
}

/** What cannot be read, or has no canonical form to hash, is not offered. `_meta` is nothing that agents are shown. */
function readable(listed: unknown): { tool: Tool; hash: string }[] {
  const parsed = Tool.safeParse(listed)
  if (!parsed.success || parsed.data.name === waitTool) return []
  const { _meta, ...tool } = parsed.data
  try {
    return [{ tool, hash: digestOf(tool) }]
  } catch (error) {
    if (isError(error, 'ERR_INPUT_INVALID')) return []
    throw error
  }
}
