/**
 * Names and values of queries and forms, read so that no two common readers can disagree on what a mapping rests on.
 *
 * @module
 */
import { CountersignError, folded } from '@countersign/core'
import { ambiguous, formsOf, mustBeSpelled, shown, spellingsOf } from '../meaning/reading.ts'

/** In the order they came; a file's value is left out. */
export type Fields = readonly (readonly [name: string, value: string | undefined])[]

/**
 * `application/x-www-form-urlencoded` (https://url.spec.whatwg.org/#urlencoded-parsing), as queries and forms write it.
 *
 * @throws ERR_INPUT_INVALID for a `;`, which some readers take for `&`, an empty name, and what is not UTF-8
 */
export function readUrlEncoded(text: string, allowed: readonly string[]): Fields {
  if (text.includes(';') && !allowed.includes(';')) throw ambiguous('";" separates like "&" for some readers')
  return text
    .split('&')
    .filter((piece) => piece !== '')
    .map((piece) => {
      const mark = piece.indexOf('=')
      const [name, value] = mark < 0 ? [piece, ''] : [piece.slice(0, mark), piece.slice(mark + 1)]
      if (name === '') throw ambiguous('a name is empty')
      return [decode(name), decode(value)] as const
    })
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    throw new CountersignError('ERR_INPUT_INVALID', { reading: 'a name or value is not UTF-8' }, { cause })
  }
}

/** What a rule looks up. */
export interface FieldsRead {
  /** Names of which there is one value: they come once. `any`: so do all. */
  readonly once: ReadonlySet<string> | 'any'
  /** Names of which there is a list. */
  readonly lists: ReadonlySet<string> | 'any'
  readonly allowed: readonly string[]
}

/**
 * Two spellings of one name are refused wherever they stand, and a name that is looked up comes once and in that spelling:
 * `limit[]`, `LIMIT` and `limit ` are `limit` to some readers. Names that nobody looks up may come again: they are lists.
 *
 * @throws ERR_INPUT_INVALID
 */
export function mustBeOneReadingOf(fields: Fields, { once, lists, allowed }: FieldsRead): void {
  const free = new Set(allowed.map(field))
  const read = new Set([...(once === 'any' ? [] : once), ...(lists === 'any' ? [] : lists)])
  const spellings = spellingsOf(read, (name) => (name.includes('[') ? forms(name) : withRoot(name)))
  const seen = new Map<string, string>()
  const single = (name: string) => (once === 'any' || once.has(name)) && lists !== 'any' && !lists.has(name)

  for (const [name] of fields) {
    if (free.has(field(name))) continue
    for (const form of withRoot(name)) mustBeSpelled(name, form, spellings)
    if (seen.get(field(name)) === name && single(name)) throw ambiguous(`${shown(name)} comes twice, and is read here`)
    for (const form of forms(name)) {
      const before = seen.get(form)
      if (before !== undefined && before !== name)
        throw ambiguous(`${shown(before)} and ${shown(name)} are one name to some readers`)
      seen.set(form, name)
    }
  }
  for (const name of seen.values()) {
    const bare = seen.get(root(name))
    if (bare !== undefined && bare !== name)
      throw ambiguous(`${shown(bare)} and ${shown(name)} are one name to some readers`)
  }
}

/** What a name is to some readers; two that have one of these in common are one to them. */
const forms = (name: string): string[] => [...new Set([field(name), flat(name), ...formsOf(name)])]

const withRoot = (name: string): string[] => [...new Set([...forms(name), root(name)])]

/** PHP makes a line of a dot and of a space within a name; what is encoded twice some decode twice. */
const field = (name: string): string => folded(again(name)).replaceAll(/[. ]/g, '_')

function again(name: string): string {
  if (!/%[0-9A-F]{2}/i.test(name)) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** `filter[limit]` and `filter.limit` are one path to some readers. */
const flat = (name: string): string => `flat ${field(name).replaceAll(']', '').replaceAll('[', '_')}`

/** Without the brackets by which some readers make lists and objects: `limit[]`, `limit[0]`, `limit[max]`. */
export function root(name: string): string {
  const form = field(name)
  return form.indexOf('[') > 0 ? form.slice(0, form.indexOf('[')) : form
}

export interface FieldValues {
  /** Names that occur once. */
  readonly one: Readonly<Record<string, string>>
  readonly all: Readonly<Record<string, readonly string[]>>
}

export function valuesOf(fields: Fields): FieldValues {
  const all = new Map<string, string[]>()
  for (const [name, value] of fields) if (value !== undefined) all.set(name, [...(all.get(name) ?? []), value])
  const one = [...all].filter(([, values]) => values.length === 1).map(([name, [value = '']]) => [name, value] as const)
  return { one: Object.fromEntries(one), all: Object.fromEntries(all) }
}
