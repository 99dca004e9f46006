/**
 * One reading: what another common reader would understand otherwise than we do is refused, with the names that it is
 * about. `docs/one-reading.md` says what and why.
 *
 * @module
 */
import { type Alike, alike, CountersignError, type ExactJson, folded, Numeral } from '@countersign/core'

/** What a rule says of names. */
export interface Names {
  /** Names that its expressions look up: each stands in this very spelling, or not at all. */
  readonly read: ReadonlySet<string>
  /** Names that may come in several spellings all the same, as an operator allows. */
  readonly allowed: readonly string[]
}

/** @throws ERR_INPUT_INVALID for an object that two readers could read two ways */
export function mustBeOneReading(document: ExactJson, { read, allowed }: Names): void {
  const free = new Set(allowed.map(folded))
  const spellings = spellingsOf(read)
  const look = (value: ExactJson): void => {
    if (typeof value !== 'object' || value === null || value instanceof Numeral) return
    if (Array.isArray(value)) return value.forEach(look)
    const names = Object.keys(value)
    const bound = free.size === 0 ? names : names.filter((name) => !free.has(folded(name)))
    mustDiffer(bound)
    if (spellings.size > 0)
      for (const name of bound) for (const form of formsOf(name)) mustBeSpelled(name, form, spellings)
    Object.values(value).forEach(look)
  }
  look(document)
}

/** By what it folds to, how each name that is looked up is spelled. */
export function spellingsOf(
  read: ReadonlySet<string>,
  forms: (name: string) => Iterable<string> = formsOf,
): ReadonlyMap<string, readonly string[]> {
  const spellings = new Map<string, string[]>()
  for (const name of read)
    for (const form of new Set(forms(name))) spellings.set(form, [...(spellings.get(form) ?? []), name])
  return spellings
}

/**
 * What stands for a name to some reader: without case and what nobody sees, and `row_count` as `rowCount`, which those who read
 * JSON into Protocol Buffers take for one (https://protobuf.dev/programming-guides/json/).
 */
export const formsOf = (name: string): readonly string[] => [folded(name), `camel ${camel(name)}`]

const camel = (name: string): string =>
  name
    .replaceAll(/(?<=[A-Za-z0-9])_+([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase())

function mustDiffer(names: readonly string[]): void {
  const pair = names.length > 1 ? (alike(names) ?? alikeIn(names, camel)) : undefined
  if (pair) throw ambiguous(`${shown(pair[0])} and ${shown(pair[1])} are one name to some readers`)
}

function alikeIn(names: readonly string[], form: (name: string) => string): Alike | undefined {
  const seen = new Map<string, string>()
  for (const name of names) {
    const other = seen.get(form(name))
    if (other !== undefined) return [other, name]
    seen.set(form(name), name)
  }
  return undefined
}

/** @throws ERR_INPUT_INVALID */
export function mustBeSpelled(name: string, form: string, spellings: ReadonlyMap<string, readonly string[]>): void {
  const expected = spellings.get(form)
  if (!expected || expected.includes(name)) return
  throw ambiguous(`${shown(name)} is ${shown(expected[0] ?? '')} to some readers, which is how it is read here`)
}

/** Names are an agent's: in quotes, in ASCII, and short. */
export const shown = (name: string): string =>
  JSON.stringify(name.slice(0, 80)).replaceAll(/[^ -~]/g, (letter) => `\\u${hex(letter)}`)

const hex = (letter: string): string => letter.charCodeAt(0).toString(16).padStart(4, '0')

export const ambiguous = (says: string, cause?: unknown) =>
  new CountersignError('ERR_INPUT_INVALID', { reading: says }, { cause })
