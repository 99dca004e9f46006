/**
 * The ports that a start opens: whether two want the same, and whether one is taken.
 *
 * @module
 */
import { createServer } from 'node:net'
import type { Listens } from '@countersign/core'
import type { Path } from './yaml.ts'

/** A listener, and where in the configuration it is written. */
export interface Wanted extends Omit<Listens, 'path'> {
  readonly path: Path
}

interface Trouble {
  readonly path: Path
  readonly says: string
}

/** Each that wants what one before it has. Port 0 is any port that is free. */
export function clashes(wanted: readonly Wanted[]): Trouble[] {
  return wanted.flatMap(({ path, host, port }, index) => {
    const first = wanted.slice(0, index).find((other) => other.port === port && port !== 0 && meet(host, other.host))
    return first ? [{ path, says: `Port ${port} is that of ${first.path.join('.')} already. Choose another.` }] : []
  })
}

function meet(one: string, other: string): boolean {
  return addressesOf(one).some((a) => addressesOf(other).some((b) => a === b || covers(a, b) || covers(b, a)))
}

/** `localhost` is both loopback addresses, as the listeners take it. */
const addressesOf = (host: string): readonly string[] =>
  host.toLowerCase() === 'localhost' ? ['127.0.0.1', '::1'] : [host.toLowerCase()]

/** `::` takes IPv4 as well. */
const covers = (all: string, one: string) => all === '::' || (all === '0.0.0.0' && !one.includes(':'))

/** Those that cannot be opened now. Each is opened and closed again at once. */
export async function taken(wanted: readonly Wanted[]): Promise<Trouble[]> {
  const found = await Promise.all(
    wanted.map(async ({ path, host, port }): Promise<Trouble | undefined> => {
      const [first = host, ...others] = addressesOf(host)
      const codes = await Promise.all([first, ...others].map((address) => tryToListen(address, port)))
      // A machine without IPv6 is fine.
      const code = codes.find((each, index) => each === 'EADDRINUSE' || (index === 0 && each !== undefined))
      return code === undefined ? undefined : { path, says: saysOf(host, port, code) }
    }),
  )
  return found.filter((trouble) => trouble !== undefined)
}

function saysOf(host: string, port: number, code: string): string {
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${host} is taken by another program. End that one, or choose another port.`
  return `Port ${port} of ${host} cannot be opened (${code}).`
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  const server = createServer()
  return new Promise((tell) => {
    server.once('error', ({ code = 'no reason given' }: NodeJS.ErrnoException) => tell(code))
    server.listen({ host, port }, () => server.close(() => tell(undefined)))
  })
}
