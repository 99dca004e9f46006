/**
 * The way out: every address that Countersign calls goes through here, so that no name in a configuration or an answer
 * can lead it to itself, to its neighbours, or to a cloud's metadata.
 *
 * @module
 */
import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { type ClientRequest, type ClientRequestArgs, Agent as PlainAgent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { CountersignError } from '@countersign/core'
import { type Call, type Calling, type Calls, createCalls, type Limits } from './calls.ts'
import { bare, mayBeCalled } from './reach.ts'

export interface Egress {
  /**
   * An agent for `http.request` or `https.request` that connects to this one origin. Each connection resolves the name
   * once and goes to that very address; a request whose address is refused fails with `ERR_EGRESS_REFUSED`.
   */
  agent(origin: URL): PlainAgent | SecureAgent
  /** One request to this one origin, over a connection by the same rules. */
  send(origin: URL, call: Call, limits: Limits): Calling
  /** Ends every idle and open connection. */
  close(): void
}

/** All addresses of a name, as `dns.lookup` has them. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

const resolveAll: Resolve = (hostname, done) => {
  lookUp(hostname, { all: true }, (error, addresses) => {
    done(error, error ? [] : addresses)
  })
}

export interface EgressParts {
  /** Origins that may lie in Countersign's own networks: `http://localhost:8080`. */
  readonly allowed: readonly string[]
  readonly resolve?: Resolve
  /** Milliseconds, of a clock that nobody sets. */
  readonly now?: () => number
}

export function createEgress({ allowed, resolve = resolveAll, now = () => performance.now() }: EgressParts): Egress {
  const named = new Set(allowed.map((origin) => new URL(origin).origin))
  const agents = new Map<string, PlainAgent | SecureAgent>()
  const calls = new Map<string, Calls>()
  /** When its last request was handed to it: of the answer a process that was held hears late (`calls.ts`). */
  const asked = new WeakMap<Duplex, number>()
  let lookedAt = -Infinity
  return {
    agent({ origin }) {
      endIdle()
      return agents.get(origin) ?? begin(origin)
    },
    send: (origin, call, limits) => (calls.get(origin.origin) ?? callsTo(origin)).send(call, limits),
    close() {
      for (const agent of agents.values()) agent.destroy()
      for (const each of calls.values()) each.close()
    },
  }

  function callsTo({ origin }: URL): Calls {
    const { protocol, hostname, port } = new URL(origin)
    const isSecure = protocol === 'https:'
    const host = bare(hostname)
    const to = { host, port: Number(port) || (isSecure ? 443 : 80), noDelay: true, keepAlive: true }
    const secure = isSecure && { servername: isIP(host) === 0 ? host : '', ALPNProtocols: ['http/1.1'] }
    const agent = agentFor(new URL(origin), named.has(origin), resolve)
    const made = createCalls({
      open: () => opened(agent, { ...to, ...secure }),
      stands: isSecure ? 'secureConnect' : 'connect',
      now,
      idleMs,
    })
    calls.set(origin, made)
    return made
  }

  function begin(origin: string): PlainAgent | SecureAgent {
    const agent = agentFor(new URL(origin), named.has(origin), resolve, (socket) => asked.set(socket, now()))
    agent.on('free', (socket: Duplex) => void socket.once('data', unasked))
    agents.set(origin, agent)
    return agent
  }

  /** A process that was held, with its timers, would send first and hear afterwards that the other side had closed. */
  function endIdle(): void {
    const at = now()
    if (at - lookedAt < lookAgainMs) return
    lookedAt = at
    for (const { freeSockets } of agents.values())
      for (const socket of Object.values(freeSockets).flatMap((sockets) => sockets ?? []))
        if (at - (asked.get(socket) ?? 0) >= idleMs) socket.destroy()
  }
}

/** What comes while nobody asks would be taken for the answer to whoever asks next. */
function unasked(this: Duplex): void {
  this.destroy()
}

/** Idle connections end before a common upstream ends them (5 s), so that no action is sent into a closing one. */
const idleMs = 4_000
/** How often idle connections are looked at, at most; a process that was held for less than this is not late. */
const lookAgainMs = 100
/** Without a limit of its own, behind which calls would wait unseen: who calls is limited where calls come in. */
const pool = { keepAlive: true, timeout: idleMs }

/** `asked` is told of every connection that a request is handed to. */
function agentFor(
  origin: URL,
  named: boolean,
  resolve: Resolve,
  asked: (socket: Duplex) => void = () => undefined,
): PlainAgent | SecureAgent {
  const hostname = bare(origin.hostname)
  const lookup = guardedLookup(hostname, named, resolve)
  const literalMayBeCalled = isIP(hostname) === 0 || mayBeCalled(hostname, hostname, named)

  const agent = origin.protocol === 'https:' ? new SecureAgent(pool) : new PlainAgent(pool)
  const open = agent.createConnection.bind(agent)
  const reuse = agent.reuseSocket.bind(agent)
  return Object.assign(agent, {
    reuseSocket(socket: Duplex, request: ClientRequest) {
      socket.off('data', unasked)
      asked(socket)
      reuse(socket, request)
    },
    createConnection(options: ClientRequestArgs, done: (error: Error | null, stream?: Duplex) => void) {
      // A literal address is never looked up, so it is judged here.
      if (options.host !== hostname || !literalMayBeCalled) {
        done(refused(String(options.host)))
        return undefined
      }
      const socket = open({ ...options, lookup }, done)
      if (socket) asked(socket)
      return socket
    },
  })
}

/** @throws ERR_EGRESS_REFUSED */
function opened(agent: PlainAgent | SecureAgent, options: ClientRequestArgs): Socket {
  let failed: Error | undefined
  const socket = agent.createConnection(options, (error) => void (failed ??= error ?? undefined))
  if (failed || !socket) throw failed ?? new CountersignError('ERR_UPSTREAM')
  return socket as Socket
}

function guardedLookup(expected: string, named: boolean, resolve: Resolve): LookupFunction {
  return (hostname, { all }, done) => {
    resolve(hostname, (error, found) => {
      const [first] = found
      // One bad address among good ones is how a name is turned against us, so all have to be good.
      const good = hostname === expected && found.every(({ address }) => mayBeCalled(address, hostname, named))
      if (error) done(error, '')
      else if (!first || !good) done(refused(hostname), '')
      else if (all) done(null, [...found])
      else done(null, first.address, first.family)
    })
  }
}

const refused = (hostname: string) => new CountersignError('ERR_EGRESS_REFUSED', { hostname })
