/**
 * Header fields, read so that no two readers can disagree on them.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import { valuesOf } from './representation.ts'

/**
 * The value of a field, by its name in small letters.
 *
 * @throws ERR_INPUT_INVALID if it came twice and is not a list, or holds anything but visible ASCII
 */
export type Headers = (name: string) => string | undefined

/** Fields whose repetition means a comma (RFC 9110 §5.3). */
const lists = new Set([
  'accept',
  'accept-language',
  'content-language',
  'if-match',
  'if-none-match',
  'prefer',
  'accept-encoding',
])

/** `raw` is names and values in turn, as they came. */
export function readHeaders(raw: readonly string[]): Headers {
  const found = new Map<string, string[]>()
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    const value = raw[index + 1] ?? ''
    const values = found.get(name)
    if (values) values.push(value)
    else found.set(name, [value])
  }
  return (name) => {
    const values = found.get(name)
    if (!values) return undefined
    if (values.length > 1 && !lists.has(name)) throw invalid('A header came twice.')
    const value = values.join(', ')
    if (!/^[\t\x20-\x7E]*$/.test(value)) throw invalid('A header has a character it may not have.')
    return value
  }
}

/** What an upstream may not say to an agent: the connection is ours (RFC 9110 §7.6.1), and so are its cookies and its origin. */
const withheld = new Set(
  (
    'connection keep-alive proxy-connection proxy-authenticate proxy-authentication-info te trailer transfer-encoding ' +
    'upgrade set-cookie set-cookie2 strict-transport-security alt-svc clear-site-data service-worker-allowed ' +
    'x-content-type-options countersign-action countersign-replayed'
  ).split(' '),
)

/** Names and values in turn of what goes back to the agent. */
export function answerHeaders(
  raw: readonly string[],
  { credential, contentType }: { credential: string | undefined; contentType: string },
): string[] {
  const named = namedBy(raw, 'connection')
  const kept: string[] = []
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    const value = raw[index + 1] ?? ''
    if (named.has(name) || !mayBeSaid(name, value, credential)) continue
    if (active(contentType) && name === 'content-security-policy') continue
    kept.push(name, value)
  }
  kept.push(...guards(contentType))
  return kept
}

function mayBeSaid(name: string, value: string, credential: string | undefined): boolean {
  if (withheld.has(name)) return false
  if (credential !== undefined && value.includes(withoutScheme(credential))) return false
  // oxlint-disable-next-line no-control-regex -- what node refuses to write
  return !/[^\t\x20-\x7E\x80-\xFF]/.test(value)
}

/** Whatever a browser could run is put in a sandbox: all upstreams share our origin. */
export function guards(contentType: string): string[] {
  const sandbox = active(contentType) ? ['content-security-policy', 'sandbox'] : []
  return ['x-content-type-options', 'nosniff', ...sandbox]
}

/** An upstream that repeats `Bearer x` may repeat the `x` alone. */
const withoutScheme = (credential: string): string => credential.slice(credential.lastIndexOf(' ') + 1)

const active = (contentType: string): boolean => contentType === '' || /html|xml|svg/i.test(contentType)

/** Names that a field lists, in small letters. */
const namedBy = (raw: readonly string[], field: string): ReadonlySet<string> =>
  new Set(valuesOf(raw, field).flatMap((value) => value.toLowerCase().split(/\s*,\s*/)))

/** What may not come after a body, since it says how to read, route or trust what went before (RFC 9110 §6.5.1). */
const notTrailing = new Set(
  (
    'content-length content-encoding content-type content-range content-language content-disposition host authorization ' +
    'cache-control expires date age vary location retry-after www-authenticate max-forwards range etag last-modified ' +
    'x-row-count content-security-policy'
  ).split(' '),
)
/** Trailers of an answer that are handed on; those beyond are dropped, as any reader may drop them (RFC 9110 §6.5). */
const mostTrailers = 50

/** Names and values in turn of what may go back after the body. */
export function answerTrailers(raw: readonly string[], credential: string | undefined): string[] {
  const kept: string[] = []
  for (let index = 0; index < raw.length && kept.length < 2 * mostTrailers; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    if (!notTrailing.has(name) && mayBeSaid(name, raw[index + 1] ?? '', credential))
      kept.push(name, raw[index + 1] ?? '')
  }
  return kept
}

/** Those of them that an upstream announces (RFC 9110 §6.6.2). */
export const announcedTrailers = (raw: readonly string[]): string[] =>
  [...namedBy(raw, 'trailer')].filter(
    (name) => /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && !notTrailing.has(name) && !withheld.has(name),
  )

const invalid = (http: string) => new CountersignError('ERR_INPUT_INVALID', { http })
