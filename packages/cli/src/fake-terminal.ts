/**
 * For tests: a terminal whose words are kept, and an instance that answers as it is told.
 *
 * @module
 */
import type { Ask } from './ask.ts'
import { type Terminal, product } from './terminal.ts'
import { run } from './run.ts'
import type { ExitCode } from './stopped.ts'
import { Stopped } from './stopped.ts'

export interface Ended {
  readonly code: ExitCode
  /** Standard output. */
  readonly said: string
  /** Standard error. */
  readonly muttered: string
}

/** Answers of the instance by `METHOD path`; one of several in turn, the last one again and again. */
export type Answers = Readonly<Record<string, readonly object[]>>

export async function runWith(words: readonly string[], over: Partial<Terminal> = {}): Promise<Ended> {
  let said = ''
  let muttered = ''
  const terminal: Terminal = {
    env: {},
    cwd: '/nowhere',
    root: false,
    watched: false,
    lookEveryMs: 1,
    product,
    say: (text) => void (said += `${text}\n`),
    mutter: (text) => void (muttered += text),
    ask: () => instanceThat({}),
    stopped: () => Promise.resolve(),
    ...over,
  }
  return { code: await run(terminal, words), said, muttered }
}

export function instanceThat(answers: Answers, asked: { what: string; body: object | undefined }[] = []): Ask {
  const turns = new Map(Object.entries(answers).map(([what, all]) => [what, [...all]]))
  return async <T>(method: string, path: string, body?: object) => {
    const what = `${method} ${path}`
    asked.push({ what, body })
    const left = turns.get(what)
    const [next] = left ?? []
    if (!left || !next) throw new Stopped(1, `nobody answers ${what}`)
    if (left.length > 1) left.shift()
    return next as T
  }
}
