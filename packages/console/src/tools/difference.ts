/**
 * What a definition says otherwise than the one that was accepted, place by place.
 *
 * @module
 */
import type { Json, ToolDefinition } from '@countersign/schema'

export interface Difference {
  /** `inputSchema.properties.path.description` */
  readonly path: string
  /** Absent where it was added. */
  readonly before?: string
  /** Absent where it was taken away. */
  readonly after?: string
}

type Says = ToolDefinition['says']

/** The description first, since it steers the agent; what was taken away last. */
export function differencesOf(before: Says, after: Says): Difference[] {
  const [old, now] = [leavesOf(before), leavesOf(after)]
  const changed = [...now].flatMap(([path, text]): Difference[] => {
    const was = old.get(path)
    if (was === text) return []
    return [was === undefined ? { path, after: text } : { path, before: was, after: text }]
  })
  const gone = [...old].filter(([path]) => !now.has(path)).map(([path, text]) => ({ path, before: text }))
  return [...changed, ...gone].toSorted((one, other) => Number(isText(other)) - Number(isText(one)))
}

const isText = ({ path }: Difference): boolean => path === 'description'

/** Every value that holds no other, by its place. Text as it is, anything else as JSON. */
function leavesOf(value: Json, path: readonly string[] = []): Map<string, string> {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    return new Map(
      Object.entries(value).flatMap(([key, member]) => [...leavesOf(member as Json, [...path, step(key)])]),
    )
  }
  return new Map([[path.join('.'), typeof value === 'string' ? value : JSON.stringify(value)]])
}

/** A key with a point in it must not look like two. */
const step = (key: string): string => (/^[\w$-]+$/.test(key) ? key : JSON.stringify(key))

const edges = /(?<=\s)|(?=\s)/

/** The words that two texts have in common at both ends, and what lies between. */
export function between(before: string, after: string) {
  const [old, now] = [before.split(edges), after.split(edges)]
  const most = Math.min(old.length, now.length)
  let start = 0
  while (start < most && old[start] === now[start]) start += 1
  let end = 0
  while (end < most - start && old.at(-1 - end) === now.at(-1 - end)) end += 1
  const inner = (words: readonly string[]) => words.slice(start, words.length - end).join('')
  return {
    start: old.slice(0, start).join(''),
    removed: inner(old),
    added: inner(now),
    end: old.slice(old.length - end).join(''),
  }
}
