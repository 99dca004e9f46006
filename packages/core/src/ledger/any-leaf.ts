/**
 * What a leaf is, and what it says however it is written.
 *
 * @module
 */
import { canonical } from '../action/canonical.ts'
import { isError } from '../errors.ts'
import { decodeUtf8 } from './bytes.ts'

/** What the rules of the ledger look at; `envelope.ts` writes it. */
export interface Leaf {
  readonly v: 1
  readonly id: string
  readonly type: string
  readonly time: number
  readonly tenant: string
  readonly stream: string
  readonly sseq: number | undefined
  readonly payload: string
  readonly agent: string | undefined
  readonly approval: string | undefined
  readonly permit: string | undefined
  readonly cause: string | undefined
  readonly decision: string | undefined
  readonly observed: boolean
  readonly outcome: string | undefined
  readonly requesters: readonly string[]
  readonly signers: readonly string[]
  /** Everyone in `delegation`. */
  readonly delegation: readonly string[]
}

/** The leaf, or what is wrong with it, however it is written; `readPlainLeaf` is there for speed alone. */
export function readAnyLeaf(bytes: Uint8Array): Leaf | { readonly says: string } {
  let value: unknown
  try {
    const text = decodeUtf8(bytes)
    value = JSON.parse(text)
    if (!isRecord(value) || canonical(value) !== text) return { says: 'is not canonical JSON (RFC 8785)' }
  } catch (error) {
    if (error instanceof SyntaxError || isError(error, 'ERR_INPUT_INVALID', 'ERR_LEDGER_BROKEN')) {
      return { says: 'is not canonical JSON (RFC 8785)' }
    }
    throw error
  }
  if (!holdsOnlyIntegers(value)) return { says: 'holds a number that is not an integer' }

  const { v, id, type, time, tenant, stream, sseq, payload } = value
  const named = [id, type, tenant, stream, payload].every((each) => typeof each === 'string' && each !== '')
  const placed = isCount(time) && (sseq === undefined || isCount(sseq))
  if (v !== 1 || !named || !placed) return { says: 'lacks what every leaf has' }
  return {
    v,
    id: String(id),
    type: String(type),
    time,
    tenant: String(tenant),
    stream: String(stream),
    sseq,
    payload: String(payload),
    agent: text(value['agent']),
    approval: text(value['approval']),
    permit: text(member(value, 'permit', 'id')),
    cause: texts(value['causes'])[0],
    decision: text(member(value, 'decision', 'kind')),
    observed: member(value, 'decision', 'observed') === true,
    outcome: text(member(value, 'outcome', 'kind')),
    requesters: texts(value['requesters']),
    signers: texts(value['signers']),
    delegation: isRecord(value['delegation']) ? texts(Object.values(value['delegation'])) : [],
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []

const member = (value: Record<string, unknown>, key: string, inner: string): unknown => {
  const outer = value[key]
  return isRecord(outer) ? outer[inner] : undefined
}

function holdsOnlyIntegers(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.values(value).every(holdsOnlyIntegers)
}
