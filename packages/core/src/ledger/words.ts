/**
 * What may stand in a leaf: Countersign's own words, ids it minted, and names its operators registered. Anything else
 * is blinded, counted or left out, so that no text of an agent and nothing personal is ever published (P12).
 *
 * @module
 */
import type { DataNode } from '@countersign/schema'

/** A commitment to a value under a record's salt, hex: says nothing of the value once the salt is gone. */
export type Blind = (what: string) => string

const plainWord = /^[A-Za-z0-9][\w.:/+-]{0,127}$/
const personId = /^per_[A-Za-z0-9-]{1,64}$/
const traceParent = /^(?:[0-9a-f]{2}-)?[0-9a-f]{32}(?:-[0-9a-f]{16}-[0-9a-f]{2})?$/
const unprintable = /[\p{Cc}\p{Surrogate}]/u
/** Characters of an operator's name for something in a leaf; a longer name is left out of the leaf. */
const longestName = 200

/** A short identifier as it stands, else its commitment. */
export const word = (value: string, blind: Blind): string => (plainWord.test(value) ? value : `h:${blind(value)}`)

/** A reference to a person; an id that Countersign did not mint could be an address, and is blinded. */
export const person = (id: string, blind: Blind): string =>
  id === 'system' || id === 'operator' || personId.test(id) ? id : `h:${blind(id)}`

/** A trace id or traceparent (https://www.w3.org/TR/trace-context/#traceparent-header); clients may send anything. */
export const trace = (value: string | undefined): string | undefined =>
  value !== undefined && traceParent.test(value) ? value : undefined

export const count = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined

/** A name that an operator gave. */
export const name = (value: string): string | undefined =>
  value.length > 0 && value.length <= longestName && !unprintable.test(value) ? value : undefined

export const registered = (nodes: readonly DataNode[]): string[] =>
  [...new Set(nodes.filter(({ known }) => known).map((node) => node.name))].toSorted()

/** What a leaf carries of lists, and of those of which it does not carry all, how long they are. */
export interface Lists {
  /** Undefined for an empty list. */
  cut(of: string, values: readonly string[]): readonly string[] | undefined
  totals(): Readonly<Record<string, number>> | undefined
}

/** `longest` bounds every list. Names that could not be printed are cut as well. */
export function createLists(longest: number): Lists {
  const totals: Record<string, number> = {}
  return {
    cut(of, values) {
      const kept = values.filter((value) => name(value) !== undefined).slice(0, longest)
      if (kept.length < values.length) totals[of] = values.length
      return values.length > 0 ? kept : undefined
    },
    totals: () => (Object.keys(totals).length > 0 ? totals : undefined),
  }
}
