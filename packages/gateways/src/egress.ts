/**
 * The way out: every address the house calls goes through here, so that no name in a configuration or an answer can
 * lead it to itself, to its neighbours, or to a cloud's metadata.
 *
 * @module
 */
import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { type ClientRequest, type ClientRequestArgs, Agent as PlainAgent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import type { Duplex } from 'node:stream'
import { CountersignError } from '@countersign/core'

export interface Egress {
  /**
   * An agent for `http.request` or `https.request` that connects to this one origin. Each connection resolves the name
   * once and goes to that very address; a request whose address is refused fails with `ERR_EGRESS_REFUSED`.
   */
  agent(origin: URL): PlainAgent | SecureAgent
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
  /** Origins that may lie in the house's own networks: `http://localhost:8080`. */
  readonly allowed: readonly string[]
  readonly resolve?: Resolve
  /** Milliseconds, of a clock that nobody sets. */
  readonly now?: () => number
}

export function createEgress({ allowed, resolve = resolveAll, now = () => performance.now() }: EgressParts): Egress {
  const named = new Set(allowed.map((origin) => new URL(origin).origin))
  const agents = new Map<string, PlainAgent | SecureAgent>()
  const idleSince = new WeakMap<Duplex, number>()
  let lookedAt = -Infinity
  return {
    agent({ origin }) {
      endIdle()
      return agents.get(origin) ?? begin(origin)
    },
    close() {
      for (const agent of agents.values()) agent.destroy()
    },
  }

  function begin(origin: string): PlainAgent | SecureAgent {
    const agent = agentFor(new URL(origin), named.has(origin), resolve)
    agent.on('free', (socket: Duplex) => {
      idleSince.set(socket, now())
      socket.once('data', unasked)
    })
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
        if (at - (idleSince.get(socket) ?? 0) >= idleMs) socket.destroy()
  }
}

/** What comes while nobody asks would be taken for the answer to whoever asks next. */
function unasked(this: Duplex): void {
  this.destroy()
}

/** Idle connections end before a common upstream ends them (5 s), so that no action is sent into a closing one. */
const idleMs = 4_000
/** Who was held for less than this is not late. */
const lookAgainMs = 100
/** Without a limit of its own, behind which calls would wait unseen: who calls is limited where calls come in. */
const pool = { keepAlive: true, timeout: idleMs }

function agentFor(origin: URL, named: boolean, resolve: Resolve): PlainAgent | SecureAgent {
  const hostname = bare(origin.hostname)
  const lookup = guardedLookup(hostname, named, resolve)
  const literalMayBeCalled = isIP(hostname) === 0 || mayBeCalled(hostname, hostname, named)

  const agent = origin.protocol === 'https:' ? new SecureAgent(pool) : new PlainAgent(pool)
  const open = agent.createConnection.bind(agent)
  const reuse = agent.reuseSocket.bind(agent)
  return Object.assign(agent, {
    reuseSocket(socket: Duplex, request: ClientRequest) {
      socket.off('data', unasked)
      reuse(socket, request)
    },
    createConnection(options: ClientRequestArgs, done: (error: Error | null, stream?: Duplex) => void) {
      // A literal address is never looked up, so it is judged here.
      if (options.host === hostname && literalMayBeCalled) return open({ ...options, lookup }, done)
      done(refused(String(options.host)))
      return undefined
    },
  })
}

function guardedLookup(expected: string, named: boolean, resolve: Resolve): LookupFunction {
  return (hostname, { all }, done) => {
    resolve(hostname, (error, found) => {
      const [first] = found
      // One bad address among good ones is how a name is turned against the house, so all have to be good.
      const good = hostname === expected && found.every(({ address }) => mayBeCalled(address, hostname, named))
      if (error) done(error, '')
      else if (!first || !good) done(refused(hostname), '')
      else if (all) done(null, [...found])
      else done(null, first.address, first.family)
    })
  }
}

export function mayBeCalled(address: string, hostname: string, named: boolean): boolean {
  switch (reachOf(address)) {
    case 'public':
      return true
    case 'private':
      return named
    case 'special':
      return named && address === hostname
  }
}

/** `special` addresses are called only where the origin spells out the address itself; no name may lead to them. */
export function reachOf(address: string): 'public' | 'private' | 'special' {
  switch (isIP(address)) {
    case 4:
      if (special4.check(address)) return 'special'
      return private4.check(address) ? 'private' : 'public'
    case 6:
      if (special6.check(address, 'ipv6')) return 'special'
      if (private6.check(address, 'ipv6')) return 'private'
      return public6.check(address, 'ipv6') ? 'public' : 'special'
    default:
      return 'special'
  }
}

// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry. One list per family: a list
// with `::ffff:0:0/96` in it matches every IPv4 address.
const private4 = blockList('10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.168.0.0/16')
const private6 = blockList('::1/128 fc00::/7')
const public6 = blockList('2000::/3')
/** Link-local, documentation, multicast, and the metadata services of the clouds. */
const special4 = blockList(`0.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15
  198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 100.100.100.200/32 168.63.129.16/32`)
/** The same, and the forms that hide an IPv4 address. */
const special6 = blockList(`::/128 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2001::/23 2001:db8::/32 2002::/16
  3fff::/20 fe80::/10 ff00::/8 fd00:ec2::254/128`)

function blockList(ranges: string): BlockList {
  const list = new BlockList()
  for (const range of ranges.split(/\s+/)) {
    const [network = '', prefix] = range.split('/')
    list.addSubnet(network, Number(prefix), network.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}

export const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')

const refused = (hostname: string) => new CountersignError('ERR_EGRESS_REFUSED', { hostname })
