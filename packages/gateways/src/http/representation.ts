/**
 * What an answer says of itself: in which form its rows stand, and how its bytes are coded.
 *
 * @module
 */
import { pipeline } from 'node:stream'
import type { Answer } from '@countersign/egress'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

/** A form in which rows can be counted. */
export type Form = 'csv' | 'ndjson' | 'json'

export interface Representation {
  /** Undefined where it is another one, said twice, or in a charset other than UTF-8. */
  readonly form: Form | undefined
  /** Undefined where there are several, or one that is not read here. */
  readonly coding: Coding | undefined
  /** Of CSV: the first record is one of the rows (RFC 4180 §3). */
  readonly headerless: boolean
}

type Coding = keyof typeof decoders | 'identity'

const decoders = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }

/** What is asked for where answers in one form alone can be counted. */
export const typesOf: Readonly<Record<Form, string>> = {
  csv: 'text/csv',
  ndjson: 'application/x-ndjson, application/jsonl;q=0.9',
  json: 'application/json',
}

const forms: Readonly<Record<string, Form>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/x-jsonlines': 'ndjson',
  'application/jsonlines': 'ndjson',
  'application/json-lines': 'ndjson',
  'application/json': 'json',
  'text/json': 'json',
}

export function representationOf({ rawHeaders }: Answer): Representation {
  const [type = '', second] = valuesOf(rawHeaders, 'content-type')
  const [, name = '', parameters = ''] = /^\s*([\w.+-]+\/[\w.+-]+)\s*(?:;(.*))?$/.exec(type) ?? []
  const charsets = [...parameters.matchAll(/(?:^|;)\s*charset\s*=\s*"?([^";\s]*)/gi)].map(([, charset = '']) => charset)
  const isUtf8 = charsets.length < 2 && /^(?:utf-?8|us-ascii|ascii)?$/i.test(charsets[0] ?? '')
  const codings = valuesOf(rawHeaders, 'content-encoding')
    .flatMap((value) => value.toLowerCase().split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '' && value !== 'identity')
  return {
    form: second === undefined && isUtf8 ? formOf(name.toLowerCase()) : undefined,
    coding: codings.length > 1 ? undefined : codingOf(codings[0] ?? 'identity'),
    headerless: /(?:^|;)\s*header\s*=\s*"?absent/i.test(parameters),
  }
}

const formOf = (name: string): Form | undefined =>
  Object.hasOwn(forms, name) ? forms[name] : name.endsWith('+json') ? 'json' : undefined

const codingOf = (name: string): Coding | undefined =>
  name === 'identity' || Object.hasOwn(decoders, name) ? (name as Coding) : undefined

/** The bytes as their readers have them. However much a few bytes unpack to, no more of it is in memory than is asked for. */
export function decoded(answer: Answer, coding: Coding): AsyncIterable<Buffer> {
  if (coding === 'identity') return answer.stream()
  const decoder = decoders[coding]()
  // Whatever ends the one ends the other; whoever reads hears of it.
  pipeline(answer.stream(), decoder, () => undefined)
  return decoder
}

export function valuesOf(raw: readonly string[], wanted: string): string[] {
  const values: string[] = []
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? ''
    if (name.length === wanted.length && name.toLowerCase() === wanted) values.push(raw[index + 1] ?? '')
  }
  return values
}
