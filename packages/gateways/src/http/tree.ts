/**
 * A JSON text and where in it each value stands, so that some can be covered and all others stay as they were written.
 *
 * @module
 */
import { alike } from '@countersign/core'

export type Tree = Leaf | List | Members

interface Span {
  /** From this character to before that one. */
  readonly start: number
  readonly end: number
}
export interface Leaf extends Span {
  readonly kind: 'leaf'
  /** Undefined for what is no text. */
  readonly text: string | undefined
}
export interface List extends Span {
  readonly kind: 'list'
  readonly items: readonly Tree[]
}
export interface Members extends Span {
  readonly kind: 'object'
  readonly members: readonly (readonly [name: string, value: Tree])[]
}

/**
 * How deep an answer may be nested to be counted and masked, without a deep stack; a deeper one cannot be read for
 * certain.
 */
const deepest = 64

/** Undefined for what is no JSON, is nested too deeply, or has names that some reader takes for one. */
export function treeOf(text: string): Tree | undefined {
  if (!isJsonText(text)) return undefined
  return read({ text, at: 0, left: deepest }) // it is JSON, and reading it is only finding places
}

export function isJsonText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

interface Reading {
  readonly text: string
  at: number
  left: number
}

function read(reading: Reading): Tree | undefined {
  skipSpace(reading)
  const { text, at: start } = reading
  switch (text[start]) {
    case '[':
      return within(reading, readList)
    case '{':
      return within(reading, readMembers)
    case '"':
      return { kind: 'leaf', start, text: readText(reading), end: reading.at }
    case undefined:
    default:
      while (/[-+.\w]/.test(text[reading.at] ?? '')) reading.at += 1
      return { kind: 'leaf', start, text: undefined, end: reading.at }
  }
}

function within(reading: Reading, of: (reading: Reading, start: number) => Tree | undefined): Tree | undefined {
  if (reading.left === 0) return undefined
  reading.left -= 1
  const start = reading.at
  reading.at += 1
  const tree = of(reading, start)
  reading.left += 1
  return tree
}

function readList(reading: Reading, start: number): Tree | undefined {
  const items: Tree[] = []
  while (!ends(reading, ']')) {
    const item = read(reading)
    if (!item) return undefined
    items.push(item)
  }
  return { kind: 'list', start, end: reading.at, items }
}

function readMembers(reading: Reading, start: number): Tree | undefined {
  const members: [string, Tree][] = []
  while (!ends(reading, '}')) {
    const name = readText(reading)
    skipSpace(reading)
    reading.at += 1 // the colon
    const value = read(reading)
    if (!value) return undefined
    members.push([name, value])
  }
  if (alike(members.map(([name]) => name))) return undefined
  return { kind: 'object', start, end: reading.at, members }
}

/** Goes past space and a comma, and past the end if it comes next. */
function ends(reading: Reading, end: ']' | '}'): boolean {
  skipSpace(reading)
  if (reading.text[reading.at] === ',') reading.at += 1
  skipSpace(reading)
  if (reading.text[reading.at] !== end) return false
  reading.at += 1
  return true
}

function readText(reading: Reading): string {
  const { text, at: start } = reading
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  reading.at = at + 1
  return JSON.parse(text.slice(start, at + 1)) as string
}

function skipSpace(reading: Reading): void {
  while (/[\t\n\r ]/.test(reading.text[reading.at] ?? '')) reading.at += 1
}

/**
 * The most rows that any reader finds in it: every list counts, and of lists within lists whichever has more. An object
 * of objects, or one of very many members, is a list by name. Undefined if there is no list.
 *
 * @param pointer names the one list that counts (RFC 6901); undefined also if that is not there
 */
export function rowsIn(tree: Tree, pointer?: string): number | undefined {
  if (pointer === undefined) return most(tree)
  const named = at(tree, pointer.split('/').slice(1))
  return named?.kind === 'list' ? named.items.length : undefined
}

function most(tree: Tree): number | undefined {
  switch (tree.kind) {
    case 'leaf':
      return inText(tree)
    case 'list':
      return Math.max(tree.items.length, sum(tree.items) ?? 0)
    case 'object': {
      const values = tree.members.map(([, value]) => value)
      const byName = values.length > mostMembers || (values.length > 0 && values.every(({ kind }) => kind === 'object'))
      const inside = sum(values)
      return byName ? Math.max(values.length, inside ?? 0) : inside
    }
  }
}

/** Where a text is itself JSON, what is in that; where that cannot be read for certain, no fewer than it can hold. */
function inText({ text }: Leaf): number | undefined {
  if (text === undefined || !/^\s*["[{]/.test(text)) return undefined
  const inner = treeOf(text)
  if (inner) return most(inner)
  return isJsonText(text) ? text.length : undefined
}

/** Members of an object that may still be one record; one with more is counted as that many rows. */
const mostMembers = 200

function sum(trees: readonly Tree[]): number | undefined {
  const counts = trees.map(most).filter((count) => count !== undefined)
  return counts.length > 0 ? counts.reduce((all, count) => all + count, 0) : undefined
}

function at(tree: Tree, [token, ...rest]: readonly string[]): Tree | undefined {
  if (token === undefined) return tree
  const name = token.replaceAll('~1', '/').replaceAll('~0', '~')
  const next =
    tree.kind === 'object'
      ? tree.members.find(([own]) => own === name)?.[1]
      : tree.kind === 'list'
        ? tree.items[Number(name)]
        : undefined
  return next && at(next, rest)
}
