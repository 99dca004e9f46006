/**
 * What is sealed: all that a request to an upstream is made of.
 *
 * @module
 */
import {
  CountersignError,
  canonical,
  type ExactJson,
  type GatewayContext,
  isPlainJson,
  parseExactJson,
  sha256Hex,
} from '@countersign/core'
import type { Action, Json } from '@countersign/schema'
import { keepAt, revealAt } from '../meaning/secrets.ts'
import { isMethod, type Method } from './config.ts'
import { type Body, shownBytes } from './body.ts'

const notShown = `not shown: more than ${shownBytes.toLocaleString('en-US')} bytes`

/**
 * A body as people read it and as it is sent: text or bytes exactly, or, where it holds secrets, the JSON value with
 * references in their place, sent in its canonical form (RFC 8785). That one has no hash: it would be the secret's.
 * `exact`: the value is that canonical text itself, for it has numbers that a double cannot hold. One that is too large
 * to be shown is sealed by its hash alone.
 */
type SealedBody =
  | { readonly sha256: string; readonly bytes: number; readonly text: string }
  | { readonly sha256: string; readonly bytes: number; readonly base64: string }
  | { readonly sha256: string; readonly bytes: number; readonly content: typeof notShown }
  | { readonly json: Json; readonly exact?: true }

export type HttpParameters = {
  readonly upstream: string
  readonly origin: string
  readonly method: Method
  /** Path and query, exactly as sent. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: SealedBody
  /** Where references stand: names of headers, JSON pointers. */
  readonly secrets?: readonly string[]
}

const members = ['upstream', 'origin', 'method', 'target', 'headers', 'body', 'secrets']

/** Of an action that is sealed. @throws ERR_INTERNAL for what is not sealed here */
export function parametersOf(sealed: Action['parameters']): HttpParameters {
  const { upstream, origin, method, target, headers, body, secrets = [] } = sealed
  const known = Object.keys(sealed).every((name) => members.includes(name))
  if (known && isText(upstream) && isText(origin) && isText(target) && isMethod(method) && isTexts(headers)) {
    if ((body === undefined || isSealedBody(body)) && Array.isArray(secrets) && secrets.every(isText)) {
      const plain = { upstream, origin, method, target, headers, secrets }
      return body === undefined ? plain : { ...plain, body }
    }
  }
  throw new CountersignError('ERR_INTERNAL', 'the parameters are not as they are sealed')
}

/** It is sealed here, as JSON: its form is looked at, and nothing may stand beside it. */
function isSealedBody(body: unknown): body is SealedBody {
  if (typeof body !== 'object' || body === null) return false
  const { sha256, bytes, text, base64, content, json, exact } = body as Readonly<Record<string, unknown>>
  const members = Object.keys(body).length
  if (json !== undefined) return exact === undefined ? members === 1 : members === 2 && exact === true && isText(json)
  const shown = [isText(text), isText(base64), content === notShown].filter(Boolean).length
  return members === 3 && shown === 1 && isText(sha256) && Number.isSafeInteger(bytes)
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isTexts = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isText)

/** What of a message the seal covers, before its secrets are replaced. */
interface Plain extends Omit<HttpParameters, 'body' | 'secrets'> {
  readonly body: Body | undefined
}

/**
 * Puts references where secrets stand.
 *
 * @throws ERR_INPUT_TYPE if a secret is expected in a body that is not JSON, where it could not be found
 */
export async function redact(
  { upstream, origin, method, target, headers: shown, body: plainBody }: Plain,
  pointers: readonly string[],
  secrets: GatewayContext['secrets'],
): Promise<HttpParameters> {
  const headers = { ...shown }
  const named = pointers.filter((pointer) => headers[pointer] !== undefined)
  for (const name of named) headers[name] = await secrets.keep(headers[name] ?? '')

  if (plainBody && plainBody.json === undefined && pointers.some(isPointer))
    throw new CountersignError('ERR_INPUT_TYPE')
  const kept =
    plainBody?.json === undefined
      ? undefined
      : await keepAt(plainBody.json, pointers.filter(isPointer), (secret) => secrets.keep(secret))
  const pointed = kept?.found ?? []
  const body = kept && pointed.length > 0 ? exactly(kept.json) : bodyOf(plainBody)
  const found = [...named, ...pointed]
  return {
    upstream,
    origin,
    method,
    target,
    headers,
    ...(body && { body }),
    ...(found.length > 0 && { secrets: found }),
  }
}

const isPointer = (pointer: string): boolean => pointer.startsWith('/')

const exactly = (json: ExactJson): SealedBody => (isPlainJson(json) ? { json } : { json: canonical(json), exact: true })

/** The JSON of a body that was sealed as such; undefined for text and bytes. */
export function jsonIn(body: SealedBody | undefined): ExactJson | undefined {
  if (!body || !('json' in body)) return undefined
  const { json, exact } = body
  // We wrote that text ourselves: bounded when it came in, and somewhat longer and deeper since.
  return exact && typeof json === 'string' ? parseExactJson(json, { bytes: json.length, depth: 100 }) : json
}

function bodyOf(body: Body | undefined): SealedBody | undefined {
  if (!body) return undefined
  if ('spooled' in body) return { sha256: body.spooled.sha256, bytes: body.spooled.sizeBytes, content: notShown }
  const known = { sha256: sha256Hex(body.bytes), bytes: body.bytes.length }
  const text = asText(body.bytes)
  return text === undefined ? { ...known, base64: Buffer.from(body.bytes).toString('base64') } : { ...known, text }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Control characters other than white space say that it is not meant to be read. */
function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(bytes)
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    return /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/.test(text) ? undefined : text
  } catch {
    return undefined // not UTF-8, so it is shown as bytes
  }
}

export interface Restored {
  readonly headers: Readonly<Record<string, string>>
  /** Of one that is sealed by its hash alone, the hash: the bytes lie elsewhere. */
  readonly body: Uint8Array | { readonly sha256: string } | undefined
}

/**
 * The headers and the body to send. References are resolved where the parameters say that they stand, and nowhere else:
 * one that an agent wrote itself is only text.
 *
 * @throws ERR_SECRET_UNKNOWN
 */
export async function restore(
  { headers: sealed, body, secrets: pointers = [] }: HttpParameters,
  secrets: GatewayContext['secrets'],
): Promise<Restored> {
  const headers = { ...sealed }
  for (const name of pointers.filter((pointer) => !isPointer(pointer))) {
    const reference = headers[name]
    if (reference === undefined) throw new CountersignError('ERR_SECRET_UNKNOWN', { pointer: name })
    headers[name] = await secrets.reveal(reference)
  }
  const sealedJson = jsonIn(body)
  const json = sealedJson && (await revealAt(sealedJson, pointers.filter(isPointer), (each) => secrets.reveal(each)))
  return { headers, body: body && bytesOf(body, json) }
}

function bytesOf(body: SealedBody, json: ExactJson | undefined): Uint8Array | { readonly sha256: string } {
  if ('content' in body) return { sha256: body.sha256 }
  if ('text' in body) return Buffer.from(body.text, 'utf8')
  if ('base64' in body) return Buffer.from(body.base64, 'base64')
  return Buffer.from(canonical(json), 'utf8')
}
