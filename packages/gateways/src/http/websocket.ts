/**
 * WebSockets (https://www.rfc-editor.org/rfc/rfc6455), where a route allows them by name. The handshake is the action:
 * sealed, judged and recorded like any other. What is said afterwards is not looked at: it is counted, and bounded.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { CountersignError, type Permit, type Ran } from '@countersign/core'
import { ceilingsOf } from './ceilings.ts'
import { concernOf } from './concern.ts'
import type { Cut } from './cut.ts'
import type { Headers } from './headers.ts'
import { acceptOf, shake, type Shaken } from './handshake.ts'
import { parametersOf, restore } from './parameters.ts'
import { problemOfError, say } from './refuse.ts'
import { ended } from './answer.ts'
import { type Line, isUncertain, notSent, unanswered } from './run.ts'

/** What of a handshake is sealed beside the headers that its upstream names. */
export const handshakeHeaders = ['upgrade', 'sec-websocket-protocol']

/** Whether a message asks for one at all. */
export const asksForSocket = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' &&
  /^websocket$/i.test(headers.upgrade ?? '') &&
  headers['content-length'] === undefined &&
  headers['transfer-encoding'] === undefined

/** Ends a connection of which the client says anything, or no more, before its handshake was answered. */
export function letGo(this: Duplex): void {
  this.destroy()
}

/** @throws ERR_INPUT_INVALID for a handshake that is none (RFC 6455 §4.2.1) */
export function checkHandshake(headers: Headers): void {
  if (headers('sec-websocket-version') !== '13') throw invalid('A WebSocket here has the version 13.')
  if (!/^[A-Za-z0-9+/]{22}==$/.test(headers('sec-websocket-key') ?? '')) throw invalid('The handshake has no key.')
}

export interface Joining extends Line {
  readonly client: Duplex
  /** The client's `sec-websocket-key`. */
  readonly key: string
  /** Aborts when the gateway closes. */
  readonly closing: Cut
  /** Called once the client has its WebSocket: who ends it from then on has given nothing up. */
  switched(): void
}

/** Shakes hands with the upstream, then with the client, and joins the two until one of them ends. */
export async function join(permit: Permit, line: Joining): Promise<Ran> {
  const { upstream, route, secrets, client } = line
  const { rows, bytes: mostBytes, fields } = ceilingsOf(permit, route)
  if (rows !== undefined || fields.length > 0) {
    const http = 'Nobody can count or mask what a WebSocket says.'
    return notSent(line, new CountersignError('ERR_ANSWER_WITHHELD', { http }))
  }
  const parameters = parametersOf(permit.action.parameters)
  let headers: Readonly<Record<string, string>>
  try {
    ;({ headers } = await restore(parameters, secrets))
    permit.begin() // last, so that no lease can be lost between it and the first byte
  } catch (error) {
    return notSent(line, error)
  }
  const shaken = await shake(parameters, headers, line)
  if (shaken.kind === 'unanswered') return unanswered(line, parameters, shaken)
  concernOf(line.concerns, parameters.upstream, upstream, { status: shaken.kind === 'switched' ? 101 : shaken.status })
  if (shaken.kind === 'declined') return declined(line, shaken)
  client.off('data', letGo).off('end', letGo)
  client.write(accepting(line.key, shaken.protocol, permit.actionId))
  line.switched()
  const { sent, received, end } = await joined(client, shaken.socket, {
    mostBytes: mostBytes ?? Infinity,
    silenceMs: upstream.silenceMs,
    longestMs: upstream.longestMs,
    cuts: [line.cut, line.closing],
  })
  const counted = `WebSocket, ${sent.toLocaleString('en-US')} bytes sent, ${received.toLocaleString('en-US')} received`
  const summary = end === undefined ? counted : `${counted}, ${end}`
  return {
    outcome: end === exceeded ? { kind: 'failed', summary } : { kind: 'done', summary, bytes: received },
    delivered: true,
    result: undefined,
  }
}

/** Whoever says 101 has begun what the handshake asks for, whatever else its answer is. */
async function declined(line: Line, { says, status }: Extract<Shaken, { kind: 'declined' }>): Promise<Ran> {
  const open = line.acts && (status === 101 || isUncertain(status))
  say(line.response, problemOfError(new CountersignError('ERR_UPSTREAM', { http: says })))
  return {
    outcome: { kind: open ? 'unknown' : 'failed', summary: says },
    delivered: await ended(line.response, line.clientSilenceMs),
    result: undefined,
  }
}

function accepting(key: string, protocol: string | undefined, actionId: string): string {
  return [
    'HTTP/1.1 101 Switching Protocols',
    'connection: Upgrade',
    'upgrade: websocket',
    `sec-websocket-accept: ${acceptOf(key)}`,
    ...(protocol === undefined ? [] : [`sec-websocket-protocol: ${protocol}`]),
    `countersign-action: ${actionId}`,
    '\r\n',
  ].join('\r\n')
}

interface Bounds {
  readonly mostBytes: number
  readonly silenceMs: number
  readonly longestMs: number
  /** Each ends it. */
  readonly cuts: readonly Cut[]
}

const exceeded = 'stopped at the ceiling: ERR_CEILING_EXCEEDED'

/**
 * Each at the pace of the other, until one ends, both fall silent, one says too much, it takes too long, or it is cut
 * off.
 */
async function joined(client: Duplex, upstream: Duplex, { mostBytes, silenceMs, longestMs, cuts }: Bounds) {
  const seen = { sent: 0, received: 0, end: undefined as string | undefined }
  const end = (says?: string) => {
    seen.end ??= says
    client.destroy()
    upstream.destroy()
  }
  const silence = setTimeout(end, silenceMs, 'ended here: both were silent')
  const longest = setTimeout(end, longestMs, 'ended here: it took longer than a call may take')
  const pass = (from: Duplex, to: Duplex, way: 'sent' | 'received') => {
    from.on('data', (part: Buffer) => {
      silence.refresh()
      if (seen[way] + part.length > mostBytes) return end(exceeded)
      seen[way] += part.length
      if (!to.write(part)) {
        from.pause()
        to.once('drain', () => from.resume())
      }
    })
    from.on('end', () => to.end())
    from.on('error', () => end())
  }
  pass(client, upstream, 'sent')
  pass(upstream, client, 'received')
  const unheard = cuts.map((cut) => cut.heard((reason) => end(`ended here: ${reason}`)))
  await Promise.all([closed(client, upstream), closed(upstream, client)])
  for (const each of unheard) each()
  clearTimeout(silence)
  clearTimeout(longest)
  return seen
}

/** What one side had still to say goes out before the other one is let go. */
function closed(socket: Duplex, other: Duplex): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      other.end()
      done()
    }
    if (socket.destroyed) end()
    else socket.once('close', end)
  })
}

const invalid = (http: string) => new CountersignError('ERR_INPUT_INVALID', { http })
