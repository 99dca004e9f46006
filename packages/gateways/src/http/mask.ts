/**
 * Covers in an answer what policy lets nobody look at. All else stays as it was written, numbers with all their digits.
 *
 * @module
 */
import { folded } from '@countersign/core'
import type { List, Members, Tree } from './tree.ts'
import { isJsonText, treeOf } from './tree.ts'

/** What stands where policy lets nobody look. */
const masked = '"[masked]"'

/**
 * Of a qualified name (`crm.customers.email`) the last part counts: an answer does not say which dataset a member is from, so
 * all of that name are covered, however they are spelled. So is what stands in their column, where names and values stand
 * in lists of their own, and what stands beside a name that is itself a value (`{"name":"email","value":"…"}`).
 */
export function mask(text: string, tree: Tree, fields: readonly string[]): string {
  const names = new Set(fields.map(plainly))
  const covered: Tree[] = []
  cover(tree, { names, covered: (value) => covered.push(value) })
  return splice(text, covered)
}

interface Cover {
  readonly names: ReadonlySet<string>
  covered(tree: Tree): void
}

/** `crm."e-mail"`, `E_Mail` and `email` are one. */
const plainly = (name: string): string =>
  folded(name.slice(name.lastIndexOf('.') + 1)).replaceAll(/[^\p{L}\p{N}]/gu, '')

/** Each record of a list has columns of its own, if it has any; all else shares those of the whole. */
function cover(tree: Tree, to: Cover): void {
  const headers = headersIn(tree, to)
  if (headers.length > 0) coverColumns(tree, new Set(headers), columnsOf(headers, to), to)
  coverMembers(tree, to)
}

function coverMembers(tree: Tree, to: Cover): void {
  if (tree.kind === 'list') {
    for (const item of tree.items) {
      if (item.kind === 'object') cover(item, to)
      else coverMembers(item, to)
    }
  } else if (tree.kind === 'object') {
    const besideName = namesOne(tree, to)
    for (const [name, value] of tree.members) {
      if (to.names.has(plainly(name)) || (besideName && isValue(name))) to.covered(value)
      else coverMembers(value, to)
    }
  } else if (tree.text !== undefined && holdsOne(tree.text, to)) to.covered(tree)
}

/** Whether a value of it is one of the names. */
const namesOne = ({ members }: Members, { names }: Cover): boolean =>
  members.some(([, value]) => value.kind === 'leaf' && value.text !== undefined && names.has(plainly(value.text)))

const isValue = (name: string): boolean =>
  /(?:^|[._-])(?:v|val|vals|values?|data|content|text|raw|old|new|before|after|from|to)$|Values?$/i.test(name)

/** A list that names columns: of texts, or of objects with a name each. */
const isHeader = ({ items }: List, to: Cover): boolean => items.some((item) => isName(item, to))

function isName(item: Tree, to: Cover): boolean {
  if (item.kind === 'leaf') return item.text !== undefined && to.names.has(plainly(item.text))
  return item.kind === 'object' && namesOne(item, to)
}

/** Not within the records of a list: what stands there speaks of that record alone. */
function headersIn(tree: Tree, to: Cover): readonly List[] {
  if (tree.kind === 'leaf') return []
  if (tree.kind === 'object') return tree.members.flatMap(([, value]) => headersIn(value, to))
  if (isHeader(tree, to)) return [tree]
  return tree.items.flatMap((item) => (item.kind === 'list' ? headersIn(item, to) : []))
}

/** Where the columns to cover are, by how many there are. */
type Columns = ReadonlyMap<number, ReadonlySet<number>>

function columnsOf(headers: readonly List[], to: Cover): Columns {
  const columns = new Map<number, Set<number>>()
  for (const { items } of headers) {
    const named = columns.get(items.length) ?? new Set()
    for (const [index, item] of items.entries()) if (isName(item, to)) named.add(index)
    columns.set(items.length, named)
  }
  return columns
}

function coverColumns(tree: Tree, headers: ReadonlySet<Tree>, columns: Columns, to: Cover): void {
  if (tree.kind === 'leaf' || headers.has(tree)) return
  if (tree.kind === 'object') {
    for (const [, value] of tree.members) coverColumns(value, headers, columns, to)
    return
  }
  const fitting = columns.get(tree.items.length)
  for (const index of fitting ?? []) {
    const value = tree.items[index]
    if (value && !headers.has(value)) to.covered(value)
  }
  // Nobody knows which of its values stand in which column.
  if (!fitting && tree.items.some(({ kind }) => kind === 'leaf')) return to.covered(tree)
  for (const item of tree.items) coverColumns(item, headers, columns, to)
}

/** Whether a text is itself JSON, or lines under a header, with one of the names; or JSON that cannot be read for certain. */
function holdsOne(text: string, { names }: Cover): boolean {
  if (/^\s*["{[]/.test(text)) {
    const inner = treeOf(text)
    if (!inner) return isJsonText(text) || mentions(text, names)
    let found = false
    cover(inner, { names, covered: () => (found = true) })
    return found
  }
  const [first = '', second] = text.split(/[\r\n]/, 2)
  return second !== undefined && first.split(/[,;\t|]/).some((cell) => names.has(plainly(cell)))
}

/** Some reader may make more of what looks like JSON than we do. */
const mentions = (text: string, names: ReadonlySet<string>): boolean =>
  (text.match(/[\p{L}\p{N}._-]+/gu) ?? []).some((word) => names.has(plainly(word)))

function splice(text: string, trees: readonly Tree[]): string {
  let out = ''
  let from = 0
  for (const { start, end } of trees.toSorted((one, other) => one.start - other.start || other.end - one.end)) {
    if (start < from) continue // within one that is covered
    out += text.slice(from, start) + masked
    from = end
  }
  return out + text.slice(from)
}
