/**
 * What a message says in several places at once. Some programs behind us look for a name in the query, the form and the
 * body alike, and some take the method from one of them.
 *
 * @module
 */
import { CountersignError, type ExactJson, folded, Numeral } from '@countersign/core'
import { ambiguous, shown } from '../meaning/reading.ts'
import type { Rule } from '../meaning/rule.ts'
import { type Fields, root } from './fields.ts'
import type { Headers } from './headers.ts'

export interface Sources {
  readonly query: Fields
  readonly form: Fields | undefined
  readonly json: ExactJson | undefined
  /** What stands in the path, by the names that the route gives it. */
  readonly params: Readonly<Record<string, string>>
}

type Rest = Pick<Rule, 'names' | 'alike'>

/**
 * A name that the rule looks up in one place does not stand in another: programs that put them together differ in which
 * of the two they take. Nor does what the rule takes from the path stand elsewhere with another value.
 *
 * @throws ERR_INPUT_INVALID
 */
export function mustStandOnce(sources: Sources, { names, alike }: Rest): void {
  const free = new Set(alike.map(root))
  const read =
    (...variables: string[]) =>
    (name: string) =>
      variables.some((variable) => {
        const looked = names.get(variable)
        return looked === 'any' || [...(looked ?? [])].some((each) => root(each) === name)
      })
  const isRead = read('query', 'queries', 'form', 'forms', 'body')
  const query = new Set(namesOf(sources.query))
  for (const name of namesOf(sources.form ?? [])) meet(name, 'the form')
  for (const name of membersOf(sources.json)) meet(name, 'the body')

  function meet(name: string, where: string): void {
    if (!query.has(name) || free.has(name) || !isRead(name)) return
    throw ambiguous(`${shown(name)} stands in the query and in ${where}, and some readers take the other one`)
  }

  const inPath = new Map(Object.entries(sources.params).map(([name, value]) => [root(name), value]))
  const isTaken = read('params')
  for (const [name, value] of toldIn(sources)) {
    const form = root(name)
    if (!inPath.has(form) || free.has(form) || !isTaken(form) || plain(value) === inPath.get(form)) continue
    throw ambiguous(`${shown(name)} stands in the path and, as another, elsewhere, and some readers take that one`)
  }
}

/** Rails, Laravel, Symfony, WordPress, Firebase, SharePoint and others take one of these for the method. */
const methodNames = new Set(['_method', 'x-http-method-override', 'x-http-method', 'x-method-override'].map(root))

/**
 * The method is the one that was judged.
 *
 * @throws ERR_INPUT_INVALID for a message that names another
 */
export function mustKeepMethod(
  method: string,
  headers: Headers,
  sent: readonly string[],
  sources: Sources,
  { alike }: Rest,
) {
  const free = new Set(alike.map(root))
  const told = [...sent.map((name) => [name, headers(name)] as const), ...toldIn(sources)]
  for (const [name, value] of told) {
    if (value === undefined) continue
    const form = root(name)
    if (!methodNames.has(form) || free.has(form)) continue
    if (typeof value === 'string' && folded(value) === method) continue
    throw ambiguous(`${shown(name)} is the method to some readers, and it is another than ${method}`)
  }
}

const toldIn = ({ query, form = [], json }: Sources): (readonly [name: string, value: ExactJson | undefined])[] => [
  ...query,
  ...form,
  ...Object.entries(objectIn(json)),
]

const plain = (value: ExactJson | undefined): string | undefined =>
  typeof value === 'string' ? value : value instanceof Numeral ? value.text : JSON.stringify(value)

const namesOf = (fields: Fields): string[] => fields.map(([name]) => root(name))

const membersOf = (json: ExactJson | undefined): string[] => Object.keys(objectIn(json)).map(root)

const objectIn = (json: ExactJson | undefined): Readonly<Record<string, ExactJson>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof Numeral)
    ? (json as Readonly<Record<string, ExactJson>>)
    : {}

/**
 * Text in the one charset that everybody reads here. Those of the Latin alphabet are named by older programs that mean
 * it; their first half is the same.
 *
 * @throws ERR_INPUT_TYPE, ERR_INPUT_INVALID
 */
export function mustBeReadable(contentType: string, text: string): void {
  const charsets = [...contentType.matchAll(/;\s*charset\s*=\s*"?([^";\s]*)/gi)].map(([, name = '']) =>
    name.toLowerCase(),
  )
  if (charsets.length > 1) throw ambiguous('its type names more than one charset')
  const [charset = 'utf-8'] = charsets
  if (charset === 'utf-8' || charset === 'utf8') return
  if (!['us-ascii', 'iso-8859-1', 'windows-1252'].includes(charset)) throw new CountersignError('ERR_INPUT_TYPE')
  // oxlint-disable-next-line no-control-regex -- ASCII is what it looks for
  if (!/^[\u0000-\u007f]*$/.test(text) || /%[89a-f]/i.test(text))
    throw ambiguous('it has letters that are others in its charset')
}
