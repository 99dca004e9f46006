/**
 * A network of our own: one host (a namespace), and two cables to it, either of which can be cut.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { run, works } from './program.ts'

/** `pulled`: the cable. `unheard`, `unanswered`: requests, or answers, vanish. `refused`: a firewall says no. */
export type Cut = 'pulled' | 'unheard' | 'unanswered' | 'refused'

export interface Cable {
  /** The host's address on this cable. */
  readonly address: string
  cut(how: Cut): Promise<void>
  mend(): Promise<void>
}

export interface Network {
  /** Words to put before a command, so that it runs on the host. */
  readonly there: readonly string[]
  readonly cables: readonly [Cable, Cable]
  remove(): Promise<void>
}

/** Namespaces, virtual cables and packet filters, or undefined where we may not make them. */
export async function layNetwork(): Promise<Network | undefined> {
  const number = await unusedNumber()
  const host = `countersign${number}`
  if (!(await works('ip', 'netns', 'add', host))) return undefined
  const remove = async () => void (await works('ip', 'netns', 'delete', host)) // its cables go with it
  try {
    const cables = [await layCable(host, 18, number), await layCable(host, 19, number)] as const
    await run('nft', '--version')
    return { there: ['ip', 'netns', 'exec', host], cables, remove }
  } catch {
    await remove()
    return undefined
  }
}

/** 198.18.0.0/15 is for tests of networks (RFC 2544). */
async function unusedNumber(): Promise<number> {
  const taken = await run('ip', '-o', '-4', 'address').catch(() => '')
  for (;;) {
    const number = randomInt(1, 255)
    if (!taken.includes(`198.18.${number}.`)) return number
  }
}

async function layCable(host: string, net: 18 | 19, number: number): Promise<Cable> {
  const [here, there] = [`cs${net}-${number}`, `port${net}`]
  const prefix = `198.${net}.${number}`
  const inside = (...words: string[]) => run('ip', '-n', host, ...words)
  await run('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', host)
  await run('ip', 'address', 'add', `${prefix}.1/30`, 'dev', here)
  await run('ip', 'link', 'set', here, 'up')
  await inside('address', 'add', `${prefix}.2/30`, 'dev', there)
  await inside('link', 'set', there, 'up')
  const filter = (rules: string) => run('ip', 'netns', 'exec', host, 'nft', rules)
  const drop = (hook: 'input' | 'output', which: string, what: string) =>
    filter(
      `add table inet ${there}; add chain inet ${there} cut { type filter hook ${hook} priority 0; }; ` +
        `add rule inet ${there} cut ${which} "${there}" ${what}`,
    )
  return {
    address: `${prefix}.2`,
    async cut(how) {
      switch (how) {
        case 'pulled':
          return void (await inside('link', 'set', there, 'down'))
        case 'unheard':
          return void (await drop('input', 'iifname', 'drop'))
        case 'unanswered':
          return void (await drop('output', 'oifname', 'drop'))
        case 'refused':
          return void (await drop('input', 'iifname', 'meta l4proto tcp reject with tcp reset'))
      }
    },
    async mend() {
      await inside('link', 'set', there, 'up')
      await works('ip', 'netns', 'exec', host, 'nft', `delete table inet ${there}`) // there is none after a pulled cable
    },
  }
}
