/**
 * Reads a leaf straight from its bytes where it is plain, as most are: one pass to see that it is canonical, and values
 * made of nothing but what the rules of the ledger look at. `any-leaf.ts` reads the others, and would read this one alike.
 *
 * @module
 */
import type { Leaf } from './any-leaf.ts'
import { decodeUtf8, encodeUtf8 } from './bytes.ts'
import { afterText, firstWithin, isDigit, isPlainCanonical, marks, nextAfter } from './plain-json.ts'

const { quote, zero, openBrace, openBracket, letterT } = marks
const [idKey, kindKey, observedKey] = [encodeUtf8('id'), encodeUtf8('kind'), encodeUtf8('observed')]

/** The leaf; undefined, which says nothing of it, unless it is plain and has what every leaf has. */
export function readPlainLeaf(bytes: Uint8Array): Leaf | undefined {
  const at = nowhere()
  const isPlain = isPlainCanonical(bytes, (value, key, keyEnd) => {
    const name = nameAt(bytes, key, keyEnd)
    if (name !== undefined) at[name] = value
  })
  if (!isPlain) return undefined

  const plain = { bytes, text: decodeUtf8(bytes) }
  const v = countAt(bytes, at.v)
  const id = partAt(plain, at.id)
  const type = partAt(plain, at.type)
  const time = countAt(bytes, at.time)
  const tenant = partAt(plain, at.tenant)
  const stream = textAt(plain, at.stream)
  const sseq = countAt(bytes, at.sseq)
  const payload = partAt(plain, at.payload)
  if (v !== 1 || time === undefined || (at.sseq > 0 && sseq === undefined)) return undefined
  if (!id || !type || !tenant || !stream || !payload) return undefined
  return {
    v,
    id,
    type,
    time,
    tenant,
    stream,
    sseq,
    payload,
    agent: textAt(plain, at.agent),
    approval: textAt(plain, at.approval),
    permit: textAt(plain, memberAt(bytes, at.permit, idKey)),
    cause: listAt(plain, at.causes)[0],
    decision: partAt(plain, memberAt(bytes, at.decision, kindKey)),
    observed: bytes[memberAt(bytes, at.decision, observedKey)] === letterT,
    outcome: partAt(plain, memberAt(bytes, at.outcome, kindKey)),
    requesters: listAt(plain, at.requesters),
    signers: listAt(plain, at.signers),
    delegation: membersAt(plain, at.delegation),
  }
}

/** Where the value of each member begins that is looked at; 0, where every leaf has its brace, for one that is missing. */
const nowhere = () => ({
  agent: 0,
  approval: 0,
  causes: 0,
  decision: 0,
  delegation: 0,
  id: 0,
  outcome: 0,
  payload: 0,
  permit: 0,
  requesters: 0,
  signers: 0,
  sseq: 0,
  stream: 0,
  tenant: 0,
  time: 0,
  type: 0,
  v: 0,
})

type Name = keyof ReturnType<typeof nowhere>

const names = Object.keys(nowhere()) as Name[]
const named = names.map((name) => ({ name, key: encodeUtf8(name) }))
const longest = Math.max(...names.map(({ length }) => length))
/** The names of each length. */
const ofLength = Array.from({ length: longest + 1 }, (_, length) => named.filter(({ key }) => key.length === length))

function nameAt(bytes: Uint8Array, from: number, to: number): Name | undefined {
  for (const { name, key } of ofLength[to - from] ?? []) if (stands(key, bytes, from)) return name
  return undefined
}

function stands(key: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let place = 0; place < key.length; place += 1) if (bytes[from + place] !== key[place]) return false
  return true
}

interface Plain {
  readonly bytes: Uint8Array
  /** The same in ASCII, so that a place is the same place in both. */
  readonly text: string
}

/** The text that begins at `at`, if one does. */
function partAt({ bytes, text }: Plain, at: number): string | undefined {
  return at > 0 && bytes[at] === quote ? text.slice(at + 1, afterText(bytes, at) - 1) : undefined
}

/** The same to be kept: a mere part of a text keeps all of it in memory. */
function textAt(plain: Plain, at: number): string | undefined {
  const part = partAt(plain, at)
  return part === undefined ? undefined : ` ${part}`.slice(1)
}

const none: readonly string[] = []

/** The texts in the list that begins at `at`, if one does. */
function listAt(plain: Plain, at: number): readonly string[] {
  if (at === 0 || plain.bytes[at] !== openBracket) return none
  const texts: string[] = []
  for (let value = firstWithin(plain.bytes, at); value > 0; value = nextAfter(plain.bytes, value)) {
    const text = textAt(plain, value)
    if (text !== undefined) texts.push(text)
  }
  return texts
}

/** The texts that are members of the object that begins at `at`, if one does. */
function membersAt(plain: Plain, at: number): readonly string[] {
  if (at === 0 || plain.bytes[at] !== openBrace) return none
  const texts: string[] = []
  for (let key = firstWithin(plain.bytes, at), value = 0; key > 0; key = nextAfter(plain.bytes, value)) {
    value = afterText(plain.bytes, key) + 1
    const text = textAt(plain, value)
    if (text !== undefined) texts.push(text)
  }
  return texts
}

/** Where the value of this member begins in the object that begins at `at`; 0 if there is none. */
function memberAt(bytes: Uint8Array, at: number, name: Uint8Array): number {
  if (at === 0 || bytes[at] !== openBrace) return 0
  for (let key = firstWithin(bytes, at), value = 0; key > 0; key = nextAfter(bytes, value)) {
    value = afterText(bytes, key) + 1
    if (value - key - 3 === name.length && stands(name, bytes, key + 1)) return value
  }
  return 0
}

/** The integer that begins at `at`, if one does that counts something. */
function countAt(bytes: Uint8Array, at: number): number | undefined {
  if (at === 0 || !isDigit(bytes[at])) return undefined
  let count = 0
  for (let next = at; isDigit(bytes[next]); next += 1) count = count * 10 + (bytes[next] ?? 0) - zero
  return count
}
