/**
 * YAML, and where in it something is wrong.
 *
 * @module
 */
import { isMap, isSeq, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'

/** Line and column count from 1. */
export interface ConfigProblem {
  /** Undefined: the configuration itself. */
  readonly file?: string
  readonly line: number
  readonly column: number
  readonly path: string
  readonly says: string
}

export type Path = readonly PropertyKey[]
export type Issue = z.core.$ZodIssue

export interface Yaml {
  /** Undefined if it cannot be read. */
  readonly value: unknown
  /** Why it cannot be read. */
  readonly problems: readonly ConfigProblem[]
  /** Something about a path, at the deepest key of it that is there. */
  problem(path: Path, says: string): ConfigProblem
}

export function readYaml(text: string, file?: string): Yaml {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2' })
  const problemAt = (offset: number | undefined, path: Path, says: string): ConfigProblem => {
    const { line, col } = lines.linePos(offset ?? 0)
    return { ...(file !== undefined && { file }), line, column: col, path: path.join('.'), says }
  }
  const problem = (path: Path, says: string) => problemAt(offsetOf(document.contents, path), path, says)
  const wrong = document.errors.map(({ pos, message }) => problemAt(pos[0], [], firstLine(message)))
  if (wrong.length > 0) return { value: undefined, problems: wrong, problem }
  try {
    // Aliases that would blow it up, or lead nowhere, are refused.
    return { value: document.toJS({ maxAliasCount: 20 }), problems: [], problem }
  } catch (cause) {
    const says = cause instanceof Error ? firstLine(cause.message) : 'This cannot be read.'
    return { value: undefined, problems: [problemAt(0, [], says)], problem }
  }
}

/** What is left of a value once everything that its schema refuses is taken out of it, and what that was. */
export interface Salvaged<Value> {
  /** Undefined if nothing is left. */
  readonly value: Value | undefined
  readonly wrong: readonly { readonly path: Path; readonly says: string }[]
}

/** So that what is wrong in one place keeps nobody from being told of what is wrong in another. */
export function salvage<Value>(schema: z.ZodType<Value>, value: unknown): Salvaged<Value> {
  const first = schema.safeParse(value)
  if (first.success) return { value: first.data, wrong: [] }
  const wrong = first.error.issues.flatMap(flat)
  let left: unknown = structuredClone(value)
  for (let issues = wrong; left !== undefined;) {
    left = issues.reduce((whole: unknown, { path }) => without(whole, path), left)
    const again = schema.safeParse(left)
    if (again.success) return { value: again.data, wrong }
    issues = again.error.issues.flatMap(flat)
  }
  return { value: undefined, wrong }
}

/** Takes the member out, or what should have had it. Undefined if that is all of it. */
function without(value: unknown, path: Path): unknown {
  const [key, ...rest] = path
  if (key === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  const members = value as Record<PropertyKey, unknown>
  const left = without(members[key], rest)
  if (left !== undefined) members[key] = left
  else if (Array.isArray(value)) value.splice(Number(key), 1)
  else Reflect.deleteProperty(value, key)
  return value
}

const firstLine = (text: string) => text.split('\n')[0] ?? ''

/** One problem per unknown key, at the key itself; of alternatives those of the one that was probably meant. */
export function flat({ path, message, ...issue }: Issue): { path: Path; says: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], says: 'There is no such key.' }))
  }
  const [closest = []] =
    issue.code === 'invalid_union' ? issue.errors.toSorted((one, other) => one.length - other.length) : []
  if (closest.length === 0) return [{ path, says: message }]
  return closest.flatMap((inner) => flat({ ...inner, path: [...path, ...inner.path] }))
}

function offsetOf(node: unknown, path: Path): number | undefined {
  const own = (node as { range?: [number] } | null)?.range?.[0]
  const [key, ...rest] = path
  if (key === undefined) return own
  if (isMap(node)) {
    const pair = node.items.find((item) => String(item.key) === String(key))
    if (!pair) return own
    const atKey = (pair.key as { range?: [number] } | null)?.range?.[0]
    return rest.length === 0 ? atKey : (offsetOf(pair.value, rest) ?? atKey)
  }
  if (isSeq(node)) return offsetOf(node.items[Number(key)], rest) ?? own
  return own
}
