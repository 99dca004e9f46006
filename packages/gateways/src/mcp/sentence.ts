/**
 * What people read of a tool of which nobody said what it means: its own name, and what it is called with.
 *
 * @module
 */
import type { Resource, Verb } from '@countersign/schema'

export interface Called {
  readonly verb: Verb
  readonly server: string
  readonly tool: string
  readonly resources: readonly Resource[]
  /** As they are sealed: a secret is a reference. */
  readonly args: unknown
}

export function sentenceOf({ verb, server, tool, resources, args }: Called): string {
  const name = /^[\w.:/-]{1,140}$/.test(tool) ? `${server}/${tool}` : `${server}/${quoted(tool)}`
  const [first, ...others] = resources
  const more = others.length > 0 ? ` and ${others.length} more` : ''
  const named = `${quoted(first?.name ?? `${server}/${tool}`)}${more}`
  if (verb === 'file.read') return `Read ${named} with ${name}`
  if (verb === 'file.write') return `Change ${named} with ${name}`
  if (first !== undefined && first.name !== `${server}/${tool}`) return `Call ${name} on ${named}`
  return `Call ${name}${withValues(args)}`
}

/** Arguments in the sentence of a call: there is room for the first plain ones, and the page shows every one. */
const mostValues = 3
/** Characters of a value in the sentence; the rest is cut there and shown with the arguments. */
const longestValue = 40

/** ` with service "orders", replicas 3 and 2 more` */
function withValues(args: unknown): string {
  const all: [string, unknown][] = Object.entries(typeof args === 'object' && args !== null ? args : {})
  const plain = all.filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)).slice(0, mostValues)
  if (plain.length === 0) return all.length === 0 ? '' : ` with ${counted(all.length)}`
  const left = all.length - plain.length
  const values = plain.map(
    ([name, value]) =>
      `${nameOf(name)} ${typeof value === 'string' ? quoted(value, longestValue) : JSON.stringify(value)}`,
  )
  return ` with ${values.join(', ')}${left > 0 ? ` and ${left} more` : ''}`
}

const counted = (count: number) => (count === 1 ? 'one argument' : `${count} arguments`)

const nameOf = (name: string) => (/^[\w-]{1,40}$/.test(name) ? name : quoted(name, longestValue))

/** Without control, format and direction characters, in quotes, and short enough for one line. */
function quoted(text: string, longest = 120): string {
  const shown = text.length > longest ? `${text.slice(0, longest).toWellFormed()}…` : text
  return JSON.stringify(shown.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}'))
}
