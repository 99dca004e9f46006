/**
 * The text of an OpenAPI document, as JSON or YAML: its value, and where its paths and operations stand.
 *
 * @module
 */
import { constructFromEvents, CORE_SCHEMA, type Event, getScalarValue, parseEvents, YAMLException } from 'js-yaml'
import { errorOffset, type Key, keysOfJson } from './openapi-json.ts'

export type Fields = Readonly<Record<string, unknown>>

/** Counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface OpenApiText {
  readonly value: Fields
  /** Keys that stand twice in one object, down to the operations. */
  readonly twice: readonly (readonly string[])[]
  /** Of the deepest key on this path that the text has; undefined without a text. */
  position(path: readonly string[]): Position | undefined
}

export interface Unreadable {
  readonly says: string
  readonly at?: Position
}

/** Of an OpenAPI document; GitHub's, a large one, has 13 MB. A longer one is refused. */
const mostBytes = 32 << 20

/** Keys that stand twice are looked for this deep: names of paths and methods lie no deeper. */
const deepest = 3

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A document, or its text of at most 32 MiB. YAML takes some forty times as long to read as JSON. */
export function readDocument(document: unknown): OpenApiText | Unreadable {
  if (typeof document !== 'string') return checked(document, [], '')
  if (document.length > mostBytes) return { says: `This document has more than ${mostBytes >> 20} MiB.` }
  const text = document.replace(/^\uFEFF/, '')
  return text.trimStart().startsWith('{') ? readJson(text) : readYaml(text)
}

function readJson(text: string): OpenApiText | Unreadable {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const at = errorOffset(text)
    return { says: 'This is not JSON.', at: positionOf(text, at) }
  }
  return checked(value, keysOfJson(text, deepest), text)
}

function readYaml(text: string): OpenApiText | Unreadable {
  try {
    const events = parseEvents(text, { maxDepth: 200 })
    // Equal keys are looked for below, so that one costs what it stands for and not the whole document.
    const [value] = constructFromEvents(events, { source: text, schema: CORE_SCHEMA, json: true })
    return checked(value, keysOfYaml(events, text), text)
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const { reason, mark } = error
    return {
      says: `This is not YAML: ${reason}.`,
      ...(mark && { at: { line: mark.line + 1, column: mark.column + 1 } }),
    }
  }
}

function checked(value: unknown, keys: readonly Key[], text: string): OpenApiText | Unreadable {
  if (typeof value === 'string' && !/\s/.test(value.trim())) {
    return { says: `This is text, not a document. A file is named as file:${value.trim().slice(0, 200)}` }
  }
  if (!isFields(value)) return { says: 'This is no OpenAPI document: an object is.' }
  const { openapi, swagger } = value
  if (swagger !== undefined) return { says: 'OpenAPI 3 is read, and this is Swagger 2: convert it first.' }
  if (!/^3(\.|$)/.test(String(openapi))) return { says: 'This is no OpenAPI 3 document: `openapi: 3.…` is missing.' }
  const offsets = new Map<string, number>()
  const twice: (readonly string[])[] = []
  for (const { path, offset } of keys) {
    const name = nameOf(path)
    if (offsets.has(name)) twice.push(path)
    else offsets.set(name, offset)
  }
  return {
    value,
    twice,
    position(path) {
      for (let length = Math.min(path.length, deepest); length > 0; length -= 1) {
        const offset = offsets.get(nameOf(path.slice(0, length)))
        if (offset !== undefined) return positionOf(text, offset)
      }
      return undefined
    },
  }
}

const nameOf = (path: readonly string[]) => path.join('\u0000')

function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  let line = 1
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line += 1
  return { line, column: offset - lineStart + 1 }
}

/** `EVENT_ID` of the library. */
const [document, sequence, mapping, scalar, alias, pop] = [1, 2, 3, 4, 5, 6] as const

function keysOfYaml(events: readonly Event[], text: string): Key[] {
  const keys: Key[] = []
  /** `key`: what the next value of a mapping belongs to; undefined while a key is awaited. */
  const open: { readonly map: boolean; key: string | undefined }[] = []
  const valued = () => {
    const inside = open.at(-1)
    if (inside) inside.key = undefined
  }
  for (const event of events) {
    const inside = open.at(-1)
    switch (event.type) {
      case mapping:
      case sequence:
        open.push({ map: event.type === mapping, key: undefined })
        break
      case pop:
        open.pop()
        valued()
        break
      case scalar:
        if (inside?.map && inside.key === undefined) {
          inside.key = getScalarValue(text, event)
          const path = open.flatMap(({ key }) => key ?? [])
          if (open.length <= deepest && path.length === open.length) keys.push({ path, offset: event.valueStart })
        } else valued()
        break
      case alias:
        valued()
        break
      case document:
    }
  }
  return keys
}
