/**
 * Two JSON values side by side. Nothing is left out of either: whoever reads the `now` sides has the new value whole,
 * whoever reads the `was` sides the old one.
 *
 * @module
 */
import type { Json } from '@countersign/schema'
import { aligned } from './aligned.ts'

export type Compared =
  | { readonly is: 'same' | 'added' | 'removed'; readonly value: Json }
  | { readonly is: 'changed'; readonly was: Json; readonly now: Json }
  | { readonly is: 'partly'; readonly of: 'members' | 'items'; readonly parts: readonly Part[] }
  | { readonly is: 'lines'; readonly lines: readonly Line[] }

export interface Part {
  /** Of a member; of an item its place in the new list, or in the old one if it is gone. */
  readonly name: string
  readonly compared: Compared
}

/** Of a text with line ends. */
export interface Line {
  readonly is: 'same' | 'added' | 'removed'
  readonly text: string
}

export function compared(was: Json | undefined, now: Json | undefined): Compared {
  if (was === undefined) return { is: 'added', value: now ?? null }
  if (now === undefined) return { is: 'removed', value: was }
  if (same(was, now)) return { is: 'same', value: now }
  if (isList(was) && isList(now)) return { is: 'partly', of: 'items', parts: items(was, now) }
  if (isObject(was) && isObject(now)) return { is: 'partly', of: 'members', parts: members(was, now) }
  if (isText(was) && isText(now) && (was + now).includes('\n')) return { is: 'lines', lines: lines(was, now) }
  return { is: 'changed', was, now }
}

/** How many places differ, each counted once. */
export interface Counts {
  readonly changed: number
  readonly added: number
  readonly removed: number
}

export function countsOf(all: Compared): Counts {
  if (all.is === 'partly') return all.parts.reduce((sum, part) => plus(sum, countsOf(part.compared)), none)
  if (all.is === 'lines') return { ...none, changed: 1 }
  return all.is === 'same' ? none : { ...none, [all.is]: 1 }
}

const none: Counts = { changed: 0, added: 0, removed: 0 }

const plus = (one: Counts, other: Counts): Counts => ({
  changed: one.changed + other.changed,
  added: one.added + other.added,
  removed: one.removed + other.removed,
})

/** In the order of the new one; what is gone stands at the end. */
function members(was: Members, now: Members): Part[] {
  const names = [...Object.keys(now), ...Object.keys(was).filter((name) => !Object.hasOwn(now, name))]
  const of = (all: Members, name: string) => (Object.hasOwn(all, name) ? all[name] : undefined)
  return names.map((name) => ({ name, compared: compared(of(was, name), of(now, name)) }))
}

function items(was: readonly Json[], now: readonly Json[]): Part[] {
  return aligned(was, now, same, 'in place').map(({ before, after }) => ({
    name: String(after ?? before),
    compared: compared(at(was, before), at(now, after)),
  }))
}

function lines(was: string, now: string): Line[] {
  const old = was.split('\n')
  const new_ = now.split('\n')
  return aligned(old, new_, (one, other) => one === other, 'apart').map(({ before, after }) => ({
    is: before === undefined ? 'added' : after === undefined ? 'removed' : 'same',
    text: (after === undefined ? undefined : new_[after]) ?? old[before ?? 0] ?? '',
  }))
}

const at = (all: readonly Json[], index: number | undefined): Json | undefined =>
  index === undefined ? undefined : all[index]

function same(one: Json, other: Json): boolean {
  if (one === other) return true
  if (isList(one)) return isList(other) && one.length === other.length && one.every((item, i) => same(item, other[i]!))
  if (!isObject(one) || !isObject(other)) return false
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && same(one[name]!, other[name]!))
  )
}

type Members = { readonly [name: string]: Json }
const isList = (value: Json): value is readonly Json[] => Array.isArray(value)
const isObject = (value: Json): value is Members => typeof value === 'object' && value !== null && !isList(value)
const isText = (value: Json): value is string => typeof value === 'string'
