/**
 * Runs the model of the commit (`commit.pml`) through every state that it can come to.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const model = fileURLToPath(new URL('commit.pml', import.meta.url))

export interface Search {
  /** Parameters of the model, and the rule that is taken out: see the head of `commit.pml`. */
  readonly given: Readonly<Record<string, number | true>>
  /** `safety`: nothing false is ever so, and nobody waits for ever; `liveness`: what is promised comes. */
  readonly looksFor: 'safety' | 'liveness'
  /** Binary logarithm of the slots for states; beyond some 20 it is compiled to run fast. */
  readonly slots: number
}

export interface Searched {
  readonly states: number
  /** What was broken first, as the model says it. */
  readonly broken: string | undefined
}

/** @throws Error if spin or gcc is not here, or the search did not reach its end */
export async function search({ given, looksFor, slots }: Search): Promise<Searched> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-model-'))
  try {
    const parameters = Object.entries(given).map(([name, value]) =>
      value === true ? `-D${name}` : `-D${name}=${value}`,
    )
    await program('spin', ['-a', ...parameters, model], folder)
    const ways = looksFor === 'safety' ? ['-DSAFETY'] : ['-DNFAIR=4']
    await program('gcc', [slots > 20 ? '-O2' : '-O0', '-w', '-DCOLLAPSE', ...ways, '-o', 'pan', 'pan.c'], folder)
    const fair = looksFor === 'safety' ? [] : ['-a', '-f']
    return read(await program('./pan', [...fair, '-m300000', `-w${slots}`], folder))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function program(name: string, words: readonly string[], cwd: string): Promise<string> {
  try {
    return (await run(name, words, { cwd, maxBuffer: 64 << 20 })).stdout
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error(`${name} is missing: .ci/packages brings it.`, { cause: error })
    }
    throw error
  }
}

function read(report: string): Searched {
  const states = Number(/^\s*(\d+) states, stored/m.exec(report)?.[1])
  const errors = Number(/errors: (\d+)/.exec(report)?.[1])
  const broken = /^pan:1: (.*?)(?: \(at depth \d+\))?$/m.exec(report)?.[1]
  const cut = /max search depth too small|Search not completed/.test(report) && errors === 0
  if (Number.isNaN(states) || Number.isNaN(errors) || cut || errors > 0 !== (broken !== undefined)) {
    throw new Error(`the search did not reach its end:\n${report}`)
  }
  return { states, broken }
}
