/**
 * A tool is what the agent was told it is: what is not as it was pinned is set aside until a person has looked at it.
 *
 * @module
 */
import type { ToolPins } from '@countersign/core'
import { type LeftOut, type Listed, readTools } from './definitions.ts'

export { type Tool, waitTool } from './definitions.ts'

export type Definition =
  | { readonly kind: 'known'; readonly tool: Listed['tool']; readonly hash: string }
  | { readonly kind: 'quarantined'; readonly why: string }
  | { readonly kind: 'leftOut'; readonly why: string }
  | { readonly kind: 'missing' }

export interface Definitions {
  /** Takes what the server lists now, each tool as it was written. @throws ERR_STORE_UNAVAILABLE */
  see(listed: readonly string[]): Promise<void>
  /** What may be shown. */
  shown(): readonly Listed[]
  find(name: string): Definition
  quarantined(): readonly string[]
  leftOut(): readonly LeftOut[]
}

export function createDefinitions(server: string, pins: ToolPins): Definitions {
  let current = new Map<string, Listed>()
  let leftOut: readonly LeftOut[] = []
  /** A list that was overtaken by a later one is not what the server says now. */
  let newest = 0

  const isPinned = ({ tool, hash }: Listed) => pins.pinned(server, tool.name) === hash

  return {
    async see(tools) {
      const turn = (newest += 1)
      const read = readTools(tools)
      await pins.see(
        server,
        read.listed.map(({ tool, hash, says }) => ({ name: tool.name, hash, says })),
        read.leftOut,
      )
      if (turn !== newest) return
      current = new Map(read.listed.map((entry) => [entry.tool.name, entry]))
      leftOut = read.leftOut
    },
    shown: () => [...current.values()].filter(isPinned),
    find(name) {
      const entry = current.get(name)
      if (!entry) {
        const out = leftOut.find((each) => each.name === name)
        return out ? { kind: 'leftOut', why: out.why } : { kind: 'missing' }
      }
      if (isPinned(entry)) return { kind: 'known', tool: entry.tool, hash: entry.hash }
      const isNew = pins.pinned(server, name) === undefined
      return { kind: 'quarantined', why: isNew ? 'it is new' : 'its definition has changed' }
    },
    quarantined: () => [...current.values()].filter((entry) => !isPinned(entry)).map(({ tool }) => tool.name),
    leftOut: () => leftOut,
  }
}
