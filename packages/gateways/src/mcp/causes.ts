/**
 * Why a server could not be reached, or what its refusal means: said so that whoever reads it knows what to do, and told
 * apart by whether the message was certainly not acted on.
 *
 * @module
 */
import { isError } from '@countersign/core'
import { z } from 'zod'
import type { Sent } from './way.ts'

export interface At {
  /** The address, without its query. */
  readonly where: string
  /** Whether the message went with a session id. */
  readonly inSession: boolean
}

/** What an HTTP status that is not a success says of the message. `said`: the body's own words. */
export function whatItAnswered(status: number, said: string, { where, inSession }: At): Sent {
  const lostSession = inSession && (status === 404 || (status === 400 && /session|not initialized/i.test(said)))
  if (lostSession) return { kind: 'forgotten' }
  const hint = hints[status]
  const says = `the server at ${where} answers ${status}${hint ? ` (${hint})` : ''}${said === '' ? '' : `: ${printable(said)}`}`
  return isCertain(status) ? { kind: 'refused', says } : { kind: 'over', says }
}

/**
 * A client's fault or a redirect is told before anything is done (RFC 9110 §15.4, §15.5), except by 303, which points to what was
 * done, and by 408, after which nobody knows; of the server's faults only "not implemented" and "unavailable" are.
 */
const isCertain = (status: number): boolean =>
  status === 501 || status === 503 || (status >= 300 && status < 500 && status !== 303 && status !== 408)

const hints: Readonly<Record<number, string>> = {
  401: 'it wants credentials, or other ones: see `headers`',
  403: 'its credentials do not suffice: see `headers`',
  404: 'is this the path of the MCP endpoint?',
  405: 'is this the path of an MCP endpoint over Streamable HTTP?',
  429: 'too many requests',
  503: 'unavailable',
}

/** What an error of the connection says of the message that was to go over it. */
export function whatFailed(error: unknown, where: string): Sent {
  if (isError(error, 'ERR_EGRESS_REFUSED')) {
    return {
      kind: 'refused',
      says: `${where} lies in a private or special network: if that is meant, say \`private: true\` for this server`,
    }
  }
  const { code = '', syscall = '' } = Failure.safeParse(error).data ?? {}
  const known = beforeAnything[code] ?? (isCertificate(code) ? `its certificate is not accepted (${code})` : undefined)
  if (known !== undefined) return { kind: 'refused', says: `${where}: ${known}` }
  if (syscall === 'connect' || syscall === 'getaddrinfo')
    return { kind: 'refused', says: `${where}: no connection (${code})` }
  return { kind: 'over', says: `the connection to ${where} was lost${code === '' ? '' : ` (${printable(code)})`}` }
}

const Failure = z.object({ code: z.string().optional(), syscall: z.string().optional() })

/** Told before the first byte of a message could go out. */
const beforeAnything: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there (connection refused)',
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'the name could not be looked up',
  EPROTO: 'it does not speak TLS there',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there',
}

/** https://nodejs.org/docs/latest-v20.x/api/tls.html#x509-certificate-error-codes */
const isCertificate = (code: string): boolean =>
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH|CRL_)/.test(code)

/** Without control, format and direction characters; short enough for one line. */
export const printable = (text: string): string => text.slice(0, 300).replace(/\p{C}/gu, ' ').trim()
