/**
 * The leaf: what the ledger says of a fact to everyone, for ever. Canonical JSON (RFC 8785) of integers, booleans,
 * strings and lists of strings, at most 16 KiB. The fact itself lies encrypted in the vault; `payload` commits to it.
 *
 *   v, id, type, time, tenant     what and when; `type` is the fact's kind with its change: `approval.granted`
 *   stream, sseq                  the life it is part of, and its place there, gap-free from 1
 *   actor, agent, delegation      who: `per_…` and agents' ids, never a name
 *   action                        what, on which registered data; its digest only as a commitment
 *   approval, policy, risk, decision, permit, outcome, causes, trace, …: see `facts/`
 *   payload                       HMAC over the fact under the record's salt
 *   cut                           lists of which not all stands here: how long they are
 *
 * @module
 */
import type { Fact, FactKind } from '@countersign/schema'
import { canonical } from '../action/canonical.ts'
import { maxLeafBytes } from './bundle.ts'
import { encodeUtf8 } from './bytes.ts'
import { leafMembersOf, streamOf } from '../facts/laws.ts'
import { type Blind, createLists } from './words.ts'

export interface Envelope {
  readonly stream: string
  /** As the fact itself carries it; undefined if only the store can count it. */
  readonly sequence: number | undefined
  /** `sequence` counts only where the fact carries none. */
  leafAt(at: number, sequence?: number): Uint8Array
}

/** Every list is bounded by the first of these with which the leaf fits; with the last it always does. */
const listLengths = [32, 8, 2, 0]
/** Room for `time` and `sseq`, which come last. */
const reservedBytes = 100

/** `payload` commits to the stored fact, `blind` to single values under the same salt. Never throws for a `Fact`. */
export function envelopeOf(fact: Fact, { id, payload }: { id: string; payload: string }, blind: Blind): Envelope {
  const { stream, sequence } = streamOf(fact, blind)
  const { first, middle, last } = fit(fact, { v: 1, id, type: typeOf(fact), tenant: 'default', stream, payload }, blind)
  return {
    stream,
    sequence,
    leafAt(at, given) {
      const sseq = sequence ?? given
      const numbered = sseq === undefined ? '' : `"${sseqKey}":${canonical(sseq)},`
      return encodeUtf8(`{${first}${numbered}${middle}"${timeKey}":${canonical(at)}${last}}`)
    },
  }
}

/** Known last, and put in their places then: what comes before, between and after them. */
const [sseqKey, timeKey] = ['sseq', 'time']

interface Members {
  readonly first: string
  readonly middle: string
  readonly last: string
}

function fit(fact: Fact, head: Record<string, unknown>, blind: Blind): Members {
  for (const longest of listLengths) {
    const lists = createLists(longest)
    const own = leafMembersOf(fact, blind, lists)
    const members = encodeMembers(own, { ...head, cut: lists.totals() })
    if (longest === 0 || fits(members)) return members
  }
  return { first: '', middle: '', last: '' }
}

const roomBytes = maxLeafBytes - reservedBytes

/** With what joins them. No character takes more than three bytes, so that most are never encoded to be counted. */
function fits({ first, middle, last }: Members): boolean {
  const text = first + middle + last
  return 3 * text.length + 2 <= roomBytes || encodeUtf8(text).length + 2 <= roomBytes
}

/** Two objects that have no key in common: Node 20 makes one of two in as much time as it takes to write it. */
function encodeMembers(own: Record<string, unknown>, head: Record<string, unknown>): Members {
  let [first, middle, last] = ['', '', '']
  for (const key of [...Object.keys(own), ...Object.keys(head)].toSorted()) {
    const value = own[key] ?? head[key]
    if (value === undefined) continue
    const member = `"${key}":${encode(value)}`
    if (key < sseqKey) first += `${member},`
    else if (key < timeKey) middle += `${member},`
    else last += `,${member}`
  }
  return { first, middle, last }
}

/** The canonical form in half the time: what a law says has plain words for keys, mostly in their order. */
function encode(value: unknown): string {
  if (typeof value !== 'object' || value === null) return canonical(value)
  if (Array.isArray(value)) return `[${value.map(encode).join()}]`
  let text = '{'
  let before = ''
  for (const key of Object.keys(value)) {
    if (key < before) return canonical(value)
    before = key
    const member = (value as Record<string, unknown>)[key]
    if (member !== undefined) text += `${text === '{' ? '' : ','}"${key}":${encode(member)}`
  }
  return `${text}}`
}

/** The fact's kind, and where there is a change the change in its place: `approval.changed` by `granted`. */
function typeOf(fact: Fact): string {
  return 'change' in fact ? fact.kind.replace('changed', fact.change) : fact.kind
}

/** The kind of fact that a leaf's type stands for. */
export function kindOf(type: string): FactKind {
  const [family = ''] = type.split('.')
  return Object.hasOwn(changing, family) ? `${family as Changing}.changed` : (type as FactKind)
}

/** Whose types say the change in its place. */
const changing = { agent: true, approval: true, person: true, tool: true } satisfies Readonly<Record<Changing, true>>

type Changing = FactKind extends infer Kind ? (Kind extends `${infer First}.changed` ? First : never) : never
