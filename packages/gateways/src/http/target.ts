/**
 * The request target, in the one form that is sealed, mapped and sent. What two readers could read two ways is refused.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'

export interface Target {
  readonly upstream: string
  /** As sent: normalised, percent-encoded, with its slash. */
  readonly path: string
  /** The path's segments, decoded but for `%2F`, which stays as it is: a slash here is one that separates. */
  readonly segments: readonly string[]
  /** As sent, with its `?`; empty if there is none. */
  readonly query: string
}

/**
 * Splits `/<upstream>/<path>?<query>` (origin-form, RFC 9112 §3.2.1). Of the path, case, encoding and plain `.` are normalised
 * (RFC 3986 §6.2.2); the query is kept as it is, in order.
 *
 * @throws ERR_INPUT_INVALID
 */
export function parseTarget(text: string): Target {
  if (!text.startsWith('/') || text.startsWith('//')) throw invalid('The target has to be a path.')
  const { path: whole, query } = split(text)
  const [, upstream = '', rest = '/'] = /^\/([^/]*)(\/.*)?$/s.exec(whole) ?? []
  const path = normal(undotted(rest))
  const segments = path === '/' ? [] : path.slice(1).split('/').map(decodeSegment)
  check(segments, path)
  return { upstream, path, segments, query }
}

/** Nothing instead of an error. */
export function tryTarget(text: string): Target | undefined {
  try {
    return parseTarget(text)
  } catch {
    return undefined // said where it is refused
  }
}

function split(text: string): { path: string; query: string } {
  const mark = text.indexOf('?')
  const path = mark < 0 ? text : text.slice(0, mark)
  const query = mark < 0 ? '' : text.slice(mark)
  // RFC 3986 §3.3 without `;`, whose parameters some upstreams drop before they route.
  if (!/^(?:[A-Za-z0-9\-._~!$&'()*+,=:@/]|%[0-9A-Fa-f]{2})*$/.test(path))
    throw invalid('The path has a character it may not have.')
  if (!/^(?:[!$&-;=?-[\]-~]|%[0-9A-Fa-f]{2})*$/.test(query)) throw invalid('The query has a character it may not have.')
  decode(query)
  return { path, query }
}

/** A plain `.` is no segment to anyone (RFC 3986 §5.2.4), and apt writes it. One that is encoded, or `..`, is refused. */
const undotted = (path: string): string => path.replaceAll(/\/\.(?=\/)/g, '').replace(/\/\.$/, '/')

/** Triplets of unreserved characters are decoded, the others written in capitals. */
function normal(path: string): string {
  return path.replaceAll(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCodePoint(Number.parseInt(triplet.slice(1), 16))
    return /[A-Za-z0-9\-._~]/.test(character) ? character : triplet.toUpperCase()
  })
}

function check(segments: readonly string[], path: string): void {
  if (path.includes('%5C')) throw invalid('The path has an encoded backslash.')
  // As data it is only a percent sign; a server that decodes twice would read what follows.
  if (/%25[0-9A-F]{2}/i.test(path)) throw invalid('The path is encoded twice.')
  for (const [index, segment] of segments.entries()) {
    // An encoded slash is data, unless a server that takes it for a separator would find another place.
    const parts = segment.split('%2F')
    if (parts.some((part) => part === '.' || part === '..')) throw invalid('The path has a dot segment.')
    if (parts.includes('') && (parts.length > 1 || index < segments.length - 1))
      throw invalid('The path has an empty segment.')
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    if (/[\u0000-\u001F\u007F-\u009F;]/.test(segment)) throw invalid('The path has a character it may not have.')
  }
}

const decodeSegment = (text: string): string => text.split('%2F').map(decode).join('%2F')

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new CountersignError('ERR_INPUT_INVALID', { http: 'The target is not UTF-8.' }, { cause })
  }
}

const invalid = (http: string) => new CountersignError('ERR_INPUT_INVALID', { http })
