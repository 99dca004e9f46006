/**
 * A sealed request → the upstream's answer, or how far it got. Whatever the upstream does, it ends.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { CountersignError } from '@countersign/core'
import { type Answer, type Calling, type Egress } from '@countersign/egress'
import type { UpstreamConfig } from './config.ts'
import type { Cut } from './cut.ts'
import type { HttpParameters, Restored } from './parameters.ts'
import type { Spooled } from './spool.ts'

export type Sent =
  /** `why` tells what ended an answer that is not whole. */
  | { readonly kind: 'answered'; readonly answer: Answer; why(): string | undefined }
  /** `reached`: the request may have arrived, so the upstream may have acted on it. */
  | { readonly kind: 'unanswered'; readonly reached: boolean; readonly error: Error; readonly why: string }

/** `body`: what the seal holds, or the file of which it holds the hash. */
export interface Outgoing extends Pick<Restored, 'headers'> {
  readonly body: Uint8Array | Spooled | undefined
}

export interface Manner {
  /** Ends the call wherever it stands. */
  readonly cut: Cut
  /** Codings that whoever reads the answer knows. Default: none. */
  readonly codings?: string | undefined
}

/** What is said of a call that was ended for a reason of ours, of which its upstream knows nothing. */
export class CutOff extends Error {
  override readonly name = 'CutOff'
}

/**
 * Sends once, to the sealed origin. Redirects are answers like any other: a new place is a new action. Interim answers
 * (1xx) are none.
 */
export function send(
  parameters: HttpParameters,
  { headers, body }: Outgoing,
  upstream: UpstreamConfig,
  egress: Egress,
  { cut, codings = 'identity' }: Manner,
): Promise<Sent> {
  const { method, target: path } = parameters
  const origin = originOf(upstream, parameters.origin)
  const { credential } = upstream
  const said = createFields()
  said.put('host', origin.host)
  said.put('user-agent', 'countersign')
  said.put('accept-encoding', codings)
  for (const name of Object.keys(headers)) said.put(name, headers[name] ?? '')
  if (credential) said.put(credential.header, credential.value)
  if (body || !bodiless.includes(method)) said.put('content-length', String(lengthOf(body)))
  said.put('connection', 'keep-alive')

  return new Promise((done) => {
    let failed: Error | undefined
    const shown = !body || body instanceof Uint8Array
    const call = {
      method,
      path,
      headers: said.all,
      ...(shown ? { body } : { pour: () => void pour(body, calling).catch((error: Error) => calling.end(error)) }),
      answered: (answer: Answer) => done({ kind: 'answered', answer, why: () => failed && whyOf(failed) }),
      failed(error: Error) {
        failed = error
        done({ kind: 'unanswered', reached: calling.reached, error, why: whyOf(error) })
      },
    }
    const calling = egress.send(origin, call, upstream)
    cut.heard((reason) => calling.end(new CutOff(reason)))
  })
}

/** A request by one of these has a body only where it says so (RFC 9110 §9.3). */
const bodiless = ['GET', 'HEAD', 'OPTIONS', 'DELETE']

/** Names and values in turn, as they are written; of a field that is said twice, in whatever letters, the last counts. */
function createFields() {
  const all: string[] = []
  return {
    all,
    put(name: string, value: string): void {
      let at = 0
      while (at < all.length && !isSameName(all[at] ?? '', name)) at += 2
      all[at] = name
      all[at + 1] = value
    },
  }
}

const isSameName = (one: string, other: string): boolean =>
  one.length === other.length && (one === other || one.toLowerCase() === other.toLowerCase())

const origins = new WeakMap<UpstreamConfig, URL>()

/** The same for every call, unless one was sealed while another origin was configured. */
function originOf(upstream: UpstreamConfig, origin: string): URL {
  const known = origins.get(upstream)
  if (known?.origin === origin) return known
  const url = new URL(origin)
  origins.set(upstream, url)
  return url
}

const lengthOf = (body: Outgoing['body']): number => (body instanceof Uint8Array ? body.length : (body?.sizeBytes ?? 0))

/** The last part leaves once all of them were found to be what was sealed: without it the upstream has no request. */
async function pour({ sha256, read }: Spooled, calling: Calling): Promise<void> {
  const hash = createHash('sha256')
  let last: Buffer | undefined
  for await (const part of read()) {
    hash.update(part)
    if (calling.over) return
    if (last) await calling.write(last)
    last = part
  }
  if (hash.digest('hex') !== sha256) throw new CountersignError('ERR_INTERNAL', 'a spooled body is not what was sealed')
  calling.finish(last)
}

/** Causes in words of our own: what a library says could repeat what an upstream sent. */
export function whyOf(error: Error): string {
  if (error instanceof CutOff) return error.message
  const code = 'code' in error ? String(error.code) : ''
  if (code in causes) return causes[code] ?? ''
  if (code.startsWith('HPE_')) return unreadable
  if (/CERT|SSL|TLS/.test(code)) return `no trusted connection could be made (${code})`
  return 'the connection ended'
}

const unreadable = 'its answer is not HTTP as it is read here'

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the upstream refused the connection',
  ECONNRESET: 'the upstream closed the connection',
  EPIPE: 'the upstream closed the connection',
  ENOTFOUND: 'the name of the upstream is not known',
  EAI_AGAIN: 'the name of the upstream could not be looked up',
  EHOSTUNREACH: 'no way leads to the upstream',
  ENETUNREACH: 'no way leads to the upstream',
  ETIMEDOUT: 'the upstream could not be connected to in time',
  EPROTO: 'no trusted connection could be made: what is there speaks no TLS that is spoken here',
  ERR_EGRESS_REFUSED: 'this address is not called: it lies in a network that the upstream does not name as `private`',
  HPE_HEADER_OVERFLOW: 'the head of its answer is too large',
  ANSWER_HEAD_TOO_LARGE: 'the head of its answer is too large',
  ANSWER_UNREADABLE: unreadable,
  ANSWER_SWITCHES: 'the upstream switched to another protocol, which nobody asked for',
  CALL_SILENT: 'the upstream fell silent',
  CALL_TOO_LONG: 'it took longer than a call may take',
}
