/**
 * What a server lists, read tool by tool: what can be served as it is, and why the rest cannot.
 *
 * `null` stands for absence, as servers in several languages write it; a schema without a type is one of an object, which
 * arguments always are. What clients would trip over is set right, since one tool they cannot read costs them all others.
 *
 * @module
 */
import { canonical, isError, sha256Hex } from '@countersign/core'
import type { Json, ToolDefinition } from '@countersign/schema'
import { z } from 'zod'
import { membersOf, withNumbers } from './spans.ts'

/** The one tool of ours; an upstream that offers it as well does not get through. */
export const waitTool = 'countersign_wait'

const Hints = z.object({
  destructiveHint: z.boolean().optional(),
  readOnlyHint: z.boolean().optional(),
})

/** Everything an agent is shown of a tool, and so everything that is hashed. */
export const Tool = z.looseObject({
  name: z.string(),
  inputSchema: z.looseObject({ type: z.literal('object') }),
  annotations: Hints.loose().optional(),
})
export type Tool = z.infer<typeof Tool>

export interface Listed {
  readonly tool: Tool
  /** As agents are shown it, JSON, with the numbers as the server wrote them. */
  readonly text: string
  /** SHA-256 of its canonical form (RFC 8785), hex. */
  readonly hash: string
  /** What people are shown; a number that not every reader reads alike stands there as text. */
  readonly says: ToolDefinition['says']
}

/** A tool that is not served, and why. */
export interface LeftOut {
  readonly name: string
  readonly why: string
}

export interface Read {
  readonly listed: readonly Listed[]
  readonly leftOut: readonly LeftOut[]
}

/**
 * One tool's definition; a longer one would fill the context of the model that reads it. The tool is left out, and it
 * is told.
 */
const mostBytesOfOne = 64 << 10
/** All definitions of a server together, which are held and compared; tools beyond are left out, and it is told. */
const mostBytesOfAll = 4 << 20
/**
 * Characters of a tool's name, twice what the protocol recommends; a tool with a longer one is left out, and it is
 * told.
 */
const longestName = 256

/** `tools` are the items of a list as the server wrote them. By name, the last one of a name counting. */
export function readTools(tools: readonly string[]): Read {
  const leftOut: LeftOut[] = []
  const named = new Map<string, Listed>()
  for (const [place, text] of tools.entries()) {
    const read = readTool(text)
    if ('why' in read) leftOut.push({ ...read, name: read.name || `tool ${place + 1} of the list` })
    else {
      if (named.has(read.tool.name))
        leftOut.push({ name: read.tool.name, why: 'it is listed twice; the last one counts' })
      named.set(read.tool.name, read)
    }
  }
  let left = mostBytesOfAll
  const listed = [...named.values()].filter(({ tool, text }) => {
    left -= Buffer.byteLength(text)
    if (left < 0) leftOut.push({ name: tool.name, why: `all tools together have more than ${mostBytesOfAll} bytes` })
    return left >= 0
  })
  return { listed, leftOut }
}

function readTool(text: string): Listed | LeftOut {
  const members = membersOf(text)
  const given = JSON.parse(text) as Readonly<Record<string, unknown>>
  const name = typeof given?.['name'] === 'string' ? given['name'] : ''
  const out = (why: string): LeftOut => ({ name: shortened(name), why })
  if (!members) return out('its definition is no object, or has a member twice')
  const wrongName = whyNotNamed(name)
  if (wrongName !== undefined) return out(wrongName)
  if (name === waitTool) return out('Countersign has a tool of this name')
  if (Buffer.byteLength(text) > mostBytesOfOne)
    return out(`its definition has ${Buffer.byteLength(text)} bytes, and ${mostBytesOfOne} are served`)

  const shown = shownOf(given, members)
  if (typeof shown === 'string') return out(shown)
  const written = `{${[...shown].map(([member, value]) => `${JSON.stringify(member)}:${value}`).join(',')}}`
  try {
    const exact = JSON.parse(withNumbers(written, boxed)) as Json
    const says = JSON.parse(withNumbers(written, quoted)) as ToolDefinition['says']
    canonical(says)
    return { tool: Tool.parse(JSON.parse(written)), text: written, hash: sha256Hex(canonical(exact)), says }
  } catch (error) {
    if (isError(error, 'ERR_INPUT_INVALID')) return out(`its definition cannot be hashed: ${causeOf(error.detail)}`)
    if (error instanceof z.ZodError)
      return out(`its definition cannot be read: ${error.issues[0]?.path.join('.') ?? ''}`)
    throw error
  }
}

function whyNotNamed(name: string): string | undefined {
  if (name === '') return 'it has no name'
  if (name.length > longestName) return `its name has ${name.length} characters, and ${longestName} are served`
  return /\p{C}/u.test(name) ? 'its name has characters that cannot be seen' : undefined
}

/** The members that agents are shown, as written; or why there are none. `_meta` is nothing that agents are shown. */
function shownOf(
  given: Readonly<Record<string, unknown>>,
  members: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> | string {
  const shown = new Map([...members].filter(([member]) => member !== '_meta' && given[member] !== null))
  for (const text of ['description', 'title']) {
    if (shown.has(text) && typeof given[text] !== 'string') return `its ${text} is no text`
  }
  const input = schemaOf(given['inputSchema'], shown.get('inputSchema'))
  if ('why' in input) return `its inputSchema ${input.why}`
  shown.set('inputSchema', input.text)

  const output = schemaOf(given['outputSchema'], shown.get('outputSchema'))
  if ('why' in output) shown.delete('outputSchema') // it promises something of answers, and no client here can read it
  else if (shown.has('outputSchema')) shown.set('outputSchema', output.text)

  const annotations = annotationsOf(given['annotations'])
  if (annotations === undefined) shown.delete('annotations')
  else if (annotations !== 'fine') shown.set('annotations', annotations.text)
  return shown
}

/** Arguments are an object, so a schema that says nothing of their type means one. */
function schemaOf(schema: unknown, written = '{}'): { readonly text: string } | { readonly why: string } {
  if (schema === undefined || schema === null || schema === true) return { text: '{"type":"object"}' }
  if (typeof schema !== 'object' || Array.isArray(schema)) return { why: 'is no schema' }
  const members = membersOf(written)
  if (!members) return { why: 'has a member twice' }
  const { type } = schema as Readonly<Record<string, unknown>>
  if (type === 'object') return { text: written }
  const mayBeObject = type === undefined || type === null || (Array.isArray(type) && type.includes('object'))
  if (!mayBeObject) return { why: `is not one of an object, but of ${JSON.stringify(type).slice(0, 100)}` }
  const others = [...members].filter(([member]) => member !== 'type')
  const all = [['type', '"object"'], ...others].map(([member, value]) => `${JSON.stringify(member)}:${value}`)
  return { text: `{${all.join(',')}}` }
}

const hints = ['destructiveHint', 'idempotentHint', 'openWorldHint', 'readOnlyHint']

/** Hints that are none are taken away, and unknown is the worst. `fine` as they are; undefined if there are none. */
function annotationsOf(annotations: unknown): { readonly text: string } | 'fine' | undefined {
  if (typeof annotations !== 'object' || annotations === null || Array.isArray(annotations)) return undefined
  const entries = Object.entries(annotations)
  const good = entries.filter(([name, value]) => {
    if (value === null) return false
    return hints.includes(name) ? typeof value === 'boolean' : name !== 'title' || typeof value === 'string'
  })
  return good.length === entries.length ? 'fine' : { text: JSON.stringify(Object.fromEntries(good)) }
}

/** A number that has no canonical form here, and so has to be hashed by its digits. */
const isExact = (literal: string): boolean => {
  const value = Number(literal)
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 1e21)
}
/** No definition has an object like this one: the name would be refused. */
const boxed = (literal: string) => (isExact(literal) ? undefined : `{"\\u0000number":"${literal}"}`)
const quoted = (literal: string) => (isExact(literal) ? undefined : `"${literal}"`)

const shortened = (name: string): string => name.slice(0, 100).replace(/\p{C}/gu, '\u{FFFD}')

const Cause = z.object({ canonical: z.string() })
const causeOf = (detail: unknown): string => Cause.safeParse(detail).data?.canonical ?? 'it has no canonical form'
