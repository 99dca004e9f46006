/**
 * What every request passes before anything looks at it: the name it was sent to, its size, its form.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { CountersignError, isError, parseJson } from '@countersign/core'
import { telling } from './problems.ts'

/** A body sent to the API, more than any of its forms needs; a larger one is refused (413). */
const mostBytes = 1 << 20
const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])

/** `given`: its `x-request-id`. */
export function requestIdOf(given: string | readonly string[] | null | undefined): string {
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID()
}

/**
 * A site that makes its own name point here (DNS rebinding) still sends that name. `host`: in small letters.
 *
 * @throws ERR_HOST
 */
export function mustBeOurName(host: string, publicUrl: string): void {
  const named = /^[A-Za-z0-9.:[\]-]{1,255}$/.test(host) && URL.canParse(`http://${host}`)
  if (!named || (host !== new URL(publicUrl).host && !loopbackNames.has(new URL(`http://${host}`).hostname))) {
    throw new CountersignError('ERR_HOST', { host: host.slice(0, 255) })
  }
}

/** Cookies, sign-in and passkeys belong to one origin, and none of them to an IP address: browsers are sent there. */
export function elsewhere(request: Request, publicUrl: string): Response | undefined {
  const ours = new URL(publicUrl)
  const host = hostOf(request)
  const page = request.method === 'GET' && (request.headers.get('accept') ?? '').includes('text/html')
  if (!page || host === ours.host || ours.hostname !== 'localhost') return undefined
  const { pathname, search } = new URL(request.url)
  return new Response(null, { status: 307, headers: { location: `${ours.origin}${pathname}${search}` } })
}

/** The name a request was sent to, in small letters. */
export const hostOf = (request: Request) => (request.headers.get('host') ?? new URL(request.url).host).toLowerCase()

/**
 * Reads the body of a request that changes something, bounded, and as JSON that means the same to every reader.
 * What comes back carries the very bytes that were checked.
 *
 * @throws ERR_INPUT_TYPE, ERR_INPUT_TOO_LARGE, ERR_INPUT_INVALID
 */
export async function readStrictly(request: Request): Promise<Request> {
  if (request.method === 'GET' || request.method === 'HEAD') return request
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new CountersignError('ERR_INPUT_TYPE', { type })
  const bytes = await readAtMost(request, mostBytes)
  mustBeJson(bytes)
  const { url, method, headers, signal } = request
  return new Request(url, { method, headers, signal, body: bytes })
}

/** Says what is wrong with it in words of ours, none of the sender's. */
function mustBeJson(bytes: Uint8Array): void {
  try {
    parseJson(bytes, { bytes: mostBytes })
  } catch (error) {
    if (!isError(error, 'ERR_INPUT_INVALID')) throw error
    const { json } = error.detail as { json: string }
    throw telling(error, `The body is not JSON as it is read here: ${json}.`)
  }
}

/** @throws ERR_INPUT_TOO_LARGE */
export async function readAtMost(request: Request, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const said = Number(request.headers.get('content-length') ?? 0)
  if (said > most) throw new CountersignError('ERR_INPUT_TOO_LARGE', { said })
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of request.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > most) throw new CountersignError('ERR_INPUT_TOO_LARGE', { sizeBytes })
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

const always = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin', // with a stricter one a browser hides the origin of our own forms from us
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** The same for pages, answers and problems; only caching may be said otherwise. */
export function hardened(response: Response, requestId: string, publicUrl: string): Response {
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(always)) headers.set(name, value)
  if (publicUrl.startsWith('https:')) headers.set('strict-transport-security', 'max-age=31536000')
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  headers.set('x-request-id', requestId)
  const { status, statusText, body } = response
  return new Response(body, { status, statusText, headers })
}
