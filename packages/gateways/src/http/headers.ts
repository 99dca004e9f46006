/**
 * Header fields, read so that no two readers can disagree on them.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'

/**
 * The value of a field, by its name in small letters.
 *
 * @throws ERR_INPUT_INVALID if it came twice and is not a list, or holds anything but visible ASCII
 */
export type Headers = (name: string) => string | undefined

/** Fields whose repetition means a comma (RFC 9110 §5.3). */
const lists = new Set(['accept', 'accept-language', 'content-language', 'if-match', 'if-none-match', 'prefer'])

/** `raw` is names and values in turn, as they came. */
export function readHeaders(raw: readonly string[]): Headers {
  const found = new Map<string, string[]>()
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    const values = found.get(name) ?? []
    values.push(raw[index + 1] ?? '')
    found.set(name, values)
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
  const named = new Set(valuesOf(raw, 'connection').flatMap((value) => value.toLowerCase().split(/\s*,\s*/)))
  const kept: string[] = []
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    const value = raw[index + 1] ?? ''
    if (withheld.has(name) || named.has(name)) continue
    if (credential !== undefined && value.includes(withoutScheme(credential))) continue
    if (active(contentType) && name === 'content-security-policy') continue
    // oxlint-disable-next-line no-control-regex -- what node refuses to write
    if (/[^\t\x20-\x7E\x80-\xFF]/.test(value)) continue
    kept.push(name, value)
  }
  return [...kept, ...guards(contentType)]
}

/** Whatever a browser could run is put in a sandbox: all upstreams share our origin. */
export function guards(contentType: string): string[] {
  const sandbox = active(contentType) ? ['content-security-policy', 'sandbox'] : []
  return ['x-content-type-options', 'nosniff', ...sandbox]
}

/** An upstream that repeats `Bearer x` may repeat the `x` alone. */
const withoutScheme = (credential: string): string => credential.slice(credential.lastIndexOf(' ') + 1)

const active = (contentType: string): boolean => contentType === '' || /html|xml|svg/i.test(contentType)

function valuesOf(raw: readonly string[], wanted: string): string[] {
  return raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === wanted)
}

const invalid = (http: string) => new CountersignError('ERR_INPUT_INVALID', { http })
