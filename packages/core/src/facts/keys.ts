import { sha256Hex } from '../action/digest.ts'

/** Blinds a value so that it can be found again but not guessed (P12); `Vault.lookup`. */
export type Lookup = (value: string) => string

export type Keys = ReturnType<typeof keysOf>

/** What is looked up without being known: one kind of value never meets another. */
export const keysOf = (lookup: Lookup) => ({
  digest: (digest: string) => lookup(`digest\n${digest}`),
  attempt: (credential: string, id: string) => lookup(`attempt\n${JSON.stringify([credential, id])}`),
  account: (issuer: string, subject: string) => lookup(`account\n${JSON.stringify([issuer, subject])}`),
  /** At a provider of a channel: never one by which somebody signs in. */
  linked: (provider: string, id: string) => lookup(`linked\n${JSON.stringify([provider, id])}`),
  group: (group: string) => lookup(`group\n${group}`),
})

/** Characters of a value in an indexed column: PostgreSQL refuses index rows beyond some 2,700 bytes. */
const longest = 500
/** Of a longer one so many stay as they are, and its hash follows, so that it is still found exactly. */
const kept = 430
// PostgreSQL has no text with NUL or half a character in it.
const unstorable = /[\0\p{Surrogate}]/gu

/** A value from outside as it stands in a row, and as it has to be asked for. A long one ends in its hash. */
export function searchable(text: string): string {
  const short = text.length <= longest ? text : `${text.slice(0, kept)}…${sha256Hex(text)}`
  return short.replace(unstorable, '\uFFFD')
}
