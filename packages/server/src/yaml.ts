/**
 * YAML, and where in it something is wrong.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
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
  readonly value: unknown
  /** @throws ERR_CONFIG_INVALID with a list of ConfigProblem as detail, unless there are none */
  refuse(problems: readonly { readonly path: Path; readonly says: string }[]): void
  refuseIssues(issues: readonly Issue[]): void
  /** @throws ERR_CONFIG_INVALID */
  parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema>
}

/** @throws ERR_CONFIG_INVALID */
export function readYaml(text: string, file?: string): Yaml {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2' })
  const problemAt = (offset: number | undefined, path: Path, says: string): ConfigProblem => {
    const { line, col } = lines.linePos(offset ?? 0)
    return { ...(file !== undefined && { file }), line, column: col, path: path.join('.'), says }
  }
  const orRefuse = (problems: readonly ConfigProblem[]) => {
    if (problems.length > 0) throw new CountersignError('ERR_CONFIG_INVALID', problems)
  }
  orRefuse(document.errors.map(({ pos, message }) => problemAt(pos[0], [], firstLine(message))))

  const yaml: Yaml = {
    value: plain(),
    refuse(problems) {
      orRefuse(problems.map(({ path, says }) => problemAt(offsetOf(document.contents, path), path, says)))
    },
    refuseIssues: (issues) => yaml.refuse(issues.flatMap(flat)),
    parse(schema, value) {
      const parsed = schema.safeParse(value)
      yaml.refuseIssues(parsed.error?.issues ?? [])
      return parsed.data as z.infer<typeof schema>
    },
  }
  return yaml

  /** Aliases that would blow it up, or lead nowhere, are refused. */
  function plain(): unknown {
    try {
      return document.toJS({ maxAliasCount: 20 })
    } catch (cause) {
      const says = cause instanceof Error ? firstLine(cause.message) : 'This cannot be read.'
      throw new CountersignError('ERR_CONFIG_INVALID', [problemAt(0, [], says)], { cause })
    }
  }
}

const firstLine = (text: string) => text.split('\n')[0] ?? ''

/** One problem per unknown key, at the key itself; of alternatives those of the one that was probably meant. */
function flat({ path, message, ...issue }: Issue): { path: Path; says: string }[] {
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
