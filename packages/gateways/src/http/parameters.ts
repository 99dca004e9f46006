/**
 * What is sealed: all that a request to an upstream is made of.
 *
 * @module
 */
import { CountersignError, canonical, sha256Hex, type Hall } from '@countersign/core'
import { Json } from '@countersign/schema'
import { z } from 'zod'
import { Method } from './config.ts'
import { type Body, shownBytes } from './body.ts'

const notShown = `not shown: more than ${shownBytes.toLocaleString('en-US')} bytes`

/**
 * A body as people read it and as it is sent: text or bytes exactly, or, where it holds secrets, the JSON value with
 * references in their place, sent in its canonical form (RFC 8785). That one has no hash: it would be the secret's. One
 * that is too large to be shown is sealed by its hash alone.
 */
const SealedBody = z.union([
  z.strictObject({ sha256: z.string(), bytes: z.number().int(), text: z.string() }),
  z.strictObject({ sha256: z.string(), bytes: z.number().int(), base64: z.string() }),
  z.strictObject({ sha256: z.string(), bytes: z.number().int(), content: z.literal(notShown) }),
  z.strictObject({ json: Json }),
])
type SealedBody = z.infer<typeof SealedBody>

export const HttpParameters = z.strictObject({
  upstream: z.string(),
  origin: z.string(),
  method: Method,
  target: z.string().describe('Path and query, exactly as sent.'),
  headers: z.record(z.string(), z.string()),
  body: SealedBody.optional(),
  secrets: z.array(z.string()).optional().describe('Where references stand: names of headers, JSON pointers.'),
})
export type HttpParameters = z.infer<typeof HttpParameters>

/** What of a message the seal covers, before its secrets are replaced. */
interface Plain extends Omit<HttpParameters, 'body' | 'secrets'> {
  readonly body: Body | undefined
}

/**
 * Puts references where secrets stand.
 *
 * @throws ERR_INPUT_TYPE if a secret is expected in a body that is not JSON, where it could not be found
 */
export async function seal(
  { upstream, origin, method, target, headers: shown, body: plainBody }: Plain,
  places: readonly string[],
  secrets: Hall['secrets'],
): Promise<HttpParameters> {
  const headers = { ...shown }
  const named = places.filter((place) => headers[place] !== undefined)
  for (const name of named) headers[name] = await secrets.keep(headers[name] ?? '')

  if (plainBody && plainBody.json === undefined && places.some(isPointer)) throw new CountersignError('ERR_INPUT_TYPE')
  const pointed: string[] = []
  let json = plainBody?.json
  for (const pointer of places.filter(isPointer)) {
    // Looked up in what is left: a secret inside one that is already kept went with it.
    const value = at(json, pointer)
    if (value === undefined) continue
    // As JSON, so that what comes back has its type.
    json = put(json, pathOf(pointer), await secrets.keep(canonical(value)))
    pointed.push(pointer)
  }

  const body = pointed.length > 0 ? { json: json ?? null } : sealBody(plainBody)
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

const isPointer = (place: string): boolean => place.startsWith('/')

function sealBody(body: Body | undefined): SealedBody | undefined {
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

export interface Unsealed {
  readonly headers: Readonly<Record<string, string>>
  /** Of one that is sealed by its hash alone, the hash: the bytes lie elsewhere. */
  readonly body: Uint8Array | { readonly sha256: string } | undefined
}

/**
 * The headers and the body to send. References are resolved where the seal says that they stand, and nowhere else: one
 * that an agent wrote itself is only text.
 *
 * @throws ERR_SECRET_UNKNOWN
 */
export async function unseal(
  { headers: sealed, body, secrets: places = [] }: HttpParameters,
  secrets: Hall['secrets'],
): Promise<Unsealed> {
  const headers = { ...sealed }
  let json = body && 'json' in body ? body.json : undefined
  // The last one kept may hold the earlier ones.
  for (const place of places.toReversed()) {
    const reference = isPointer(place) ? at(json, place) : headers[place]
    if (typeof reference !== 'string') throw new CountersignError('ERR_SECRET_UNKNOWN', { place })
    const value = await secrets.reveal(reference)
    if (isPointer(place)) json = put(json, pathOf(place), JSON.parse(value) as Json)
    else headers[place] = value
  }
  return { headers, body: body && bytesOf(body, json) }
}

function bytesOf(body: SealedBody, json: Json | undefined): Uint8Array | { readonly sha256: string } {
  if ('content' in body) return { sha256: body.sha256 }
  if ('text' in body) return Buffer.from(body.text, 'utf8')
  if ('base64' in body) return Buffer.from(body.base64, 'base64')
  return Buffer.from(canonical(json), 'utf8')
}

/** RFC 6901 §4. */
const pathOf = (pointer: string): string[] =>
  pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))

function at(json: Json | undefined, pointer: string): Json | undefined {
  let value = json
  for (const token of pathOf(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) return undefined
    value = (value as Readonly<Record<string, Json>>)[token]
  }
  return value
}

/** A copy with `value` at the end of the path, which exists. */
function put(json: Json | undefined, [token, ...rest]: readonly string[], value: Json): Json {
  if (token === undefined) return value
  if (Array.isArray(json))
    return (json as readonly Json[]).map((item, index) => (String(index) === token ? put(item, rest, value) : item))
  const members = json as Readonly<Record<string, Json>>
  return { ...members, [token]: put(members[token], rest, value) }
}
