/**
 * What every command works with: where things lie, and where its words go.
 *
 * @module
 */
import { chmod, mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Ask } from './ask.ts'
import { Stopped } from './stopped.ts'

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Started as root: PostgreSQL then runs as someone else, who has to get to its folder. */
  readonly root: boolean
  /** Someone looks at a terminal. */
  readonly watched: boolean
  /** Words may be coloured. Default no. */
  readonly colour?: boolean
  /** Where the product's own files lie: the console, sample policies. */
  readonly product: Product
  /** How often a wait looks again, in milliseconds. Default 1,000. */
  readonly lookEveryMs?: number
  /** Someone at a terminal who can be asked; undefined where nobody is. Close it when all is asked. */
  person?(): Person | undefined
  say(text: string): void
  /** Progress and logs, beside the answer. */
  mutter(text: string): void
  ask(dataDir: string): Ask
  /** Resolves when the person at the terminal wants to stop. */
  stopped(): Promise<void>
  /** Calls back whenever someone asks to read anew (SIGHUP). Returns how to stop. */
  hungUp?(told: () => void): () => void
}

export interface Person {
  /** One line of theirs; empty once they have gone. */
  ask(question: string): Promise<string>
  close(): void
}

export interface Product {
  readonly consoleDir: string
  readonly policies: string
  /** That the sample policies speak of. */
  readonly agentGroups: readonly string[]
  /** Checks one entry of an exported ledger with openssl alone. */
  readonly verifyScript: string
  readonly version: string
}

export const dataDirOf = (terminal: Terminal, data: string | undefined): string =>
  resolve(terminal.cwd, data ?? terminal.env['COUNTERSIGN_DATA'] ?? '.countersign')

/**
 * Everything inside has its own lock; as root the folder itself lets its lodger through, without showing what is in it.
 *
 * @throws Stopped with one line that says what helps
 */
export async function makeDataDir({ root }: Terminal, path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await chmod(path, root ? 0o711 : 0o700)
    return path
  } catch (cause) {
    const { code = 'no reason given' } = cause as NodeJS.ErrnoException
    throw new Stopped(1, `Data cannot lie at ${path} (${code}). Name another folder with --data or COUNTERSIGN_DATA.`)
  }
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export const product: Product = {
  consoleDir: here('../../console/dist'),
  policies: here('../policies'),
  agentGroups: ['ml-agents', 'finance-agents', 'platform-agents'],
  verifyScript: here('../verify.sh'),
  version: '0.1.0',
}
