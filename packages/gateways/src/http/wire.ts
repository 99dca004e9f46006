/**
 * Bytes ⇄ messages. What comes out of here has been bounded, checked and read in the one way there is.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { CountersignError, type Presented } from '@countersign/core'
import { isMethod, type Method } from './config.ts'
import type { Headers } from './headers.ts'
import { parseTarget, type Target } from './target.ts'

/** What can be known before the body is read. */
export interface Head {
  readonly method: Method
  readonly target: Target
  readonly headers: Headers
}

/** @throws ERR_INPUT_INVALID, ERR_METHOD, ERR_HEADERS_TOO_LARGE, ERR_EXPECTATION */
export function readHead(request: IncomingMessage, headers: Headers): Head {
  if (request.rawHeaders.length > 2 * mostHeaders) throw new CountersignError('ERR_HEADERS_TOO_LARGE')
  headers('host')
  headers('content-length')
  const coding = headers('transfer-encoding')
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw invalid('Only chunked bodies are read.')
  if (!/^(?:100-continue)?$/i.test(headers('expect') ?? '')) throw new CountersignError('ERR_EXPECTATION')
  return { method: readMethod(request.method), target: parseTarget(request.url ?? ''), headers }
}

/** Headers of a request, several times what browsers and clients send; one with more is refused (431). */
const mostHeaders = 200

function readMethod(text: string | undefined): Method {
  if (!isMethod(text)) throw new CountersignError('ERR_METHOD')
  return text
}

/** @throws ERR_INPUT_TYPE for JSON in another charset than UTF-8 (RFC 8259 §8.1) */
export function isJson(contentType: string): boolean {
  if (!/^\s*(?:application|text)\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType)) return false
  const charsets = [...contentType.matchAll(/;\s*charset\s*=\s*"?([^";\s]*)/gi)]
  if (charsets.some(([, charset = '']) => !/^utf-?8$/i.test(charset))) throw new CountersignError('ERR_INPUT_TYPE')
  return true
}

/** What an agent shows of itself. It goes no further than this. */
export function presentedIn(headers: Headers): Presented | undefined {
  const [, bound] = /^DPoP +(\S+) *$/i.exec(headers('authorization') ?? '') ?? []
  if (bound !== undefined) return { kind: 'dpop', token: bound, proof: headers('dpop') ?? '' }
  const token = credentialOf(headers)
  return token === undefined ? undefined : { kind: 'bearer', token }
}

function credentialOf(headers: Headers): string | undefined {
  const authorization = headers('authorization')
  const key = headers('x-countersign-key')
  if (authorization === undefined) return key
  if (key !== undefined) throw invalid('Two credentials are one too many.')
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +(\S+) *$/i.exec(authorization) ?? []
  return scheme.toLowerCase() === 'basic' ? keyInBasic(value, headers) : value || undefined
}

/**
 * RFC 7617: the key is the password, whoever the user is said to be; or the user, for tools that leave the password out.
 * A browser sends what it was once told with the forms of any site, so from a browser it is no credential.
 */
function keyInBasic(value: string, headers: Headers): string | undefined {
  if (headers('origin') !== undefined || headers('sec-fetch-site') !== undefined) return undefined
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return undefined
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : text.slice(colon + 1) || text.slice(0, colon) || undefined
}

/** Whether a client asks for 202 instead of a refusal where people have not answered (RFC 7240 §4.1). */
export const isAsync = (headers: Headers): boolean =>
  /(?:^|,)\s*respond-async\s*(?:[,;]|$)/i.test(headers('prefer') ?? '')

/** Seconds a client wants to wait at most (`Prefer: wait=N`, RFC 7240 §4.3). */
export function waitOf(headers: Headers): number | undefined {
  const wait = /(?:^|,)\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[,;]|$)/i.exec(headers('prefer') ?? '')?.[1]
  return wait === undefined ? undefined : Number(wait)
}

/** Codings that the client reads in an answer, if it names them in a way that can be passed on. */
export function codingsOf(headers: Headers): string | undefined {
  const told = headers('accept-encoding')
  return told !== undefined && /^[\w.*-]+(?:[\w.*,;= -]{0,200})$/.test(told) ? told : undefined
}

/** `METHOD` with no effect asked for (RFC 9110 §9.2.1). */
export const isSafe = (method: string): boolean => ['GET', 'HEAD', 'OPTIONS'].includes(method)

const invalid = (http: string) => new CountersignError('ERR_INPUT_INVALID', { http })
