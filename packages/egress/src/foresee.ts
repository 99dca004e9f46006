/**
 * Whether an address of the configuration could be called, before anything is: what the way out would refuse, names that
 * nobody resolves, and ports where nobody listens.
 *
 * @module
 */
import { lookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'
import type { Around } from '@countersign/core'
import { bare, mayBeCalled } from './reach.ts'

/**
 * `check --connect` reports an address that does not take a connection within this time as one that does not answer.
 */
const tryForMs = 5_000

/** What is in the way, as sentences; nothing leaves this machine unless `connect` is asked for. */
export async function foreseeOrigin(origin: URL, named: boolean, { connect: tries }: Around): Promise<string[]> {
  const hostname = bare(origin.hostname)
  const literal = isIP(hostname) > 0 || hostname === 'localhost' || hostname.endsWith('.localhost')
  if (!literal && !tries) return []
  const found = await addressesOf(hostname, tries)
  if (typeof found === 'string') return [found]
  const refused = found.find((address) => !mayBeCalled(address, hostname, named))
  if (refused !== undefined) return [refusal(hostname, refused, named)]
  if (!tries) return []
  const port = Number(origin.port) || (origin.protocol === 'https:' ? 443 : 80)
  const trouble = await knock(found[0] ?? hostname, port)
  return trouble === undefined ? [] : [`Nobody answers at ${hostname}, port ${port}: ${trouble}.`]
}

async function addressesOf(hostname: string, tries: boolean): Promise<string[] | string> {
  if (isIP(hostname) > 0) return [hostname]
  if (!tries) return ['127.0.0.1']
  try {
    return (await lookup(hostname, { all: true })).map(({ address }) => address)
  } catch (error) {
    return `${hostname} has no address: ${codeOf(error)}.`
  }
}

function refusal(hostname: string, address: string, named: boolean): string {
  const where = hostname === address ? hostname : `${hostname} (${address})`
  if (!named && mayBeCalled(address, hostname, true)) {
    return `${where} lies in a private network, and is not called unless \`private: true\` stands beside it.`
  }
  return `${where} is an address for special purposes, and is not called.`
}

function knock(host: string, port: number): Promise<string | undefined> {
  return new Promise((tell) => {
    const socket = connect({ host, port, timeout: tryForMs })
    const end = (trouble: string | undefined) => {
      socket.destroy()
      tell(trouble)
    }
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end(`no answer within ${tryForMs / 1000} s`))
    socket.once('error', (error) => end(codeOf(error)))
  })
}

/** As an operator would look it up: `ECONNREFUSED`, `ENOTFOUND`. */
const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException | undefined)?.code ?? (error instanceof Error ? error.message : String(error))
