import { CountersignError } from '@countersign/core'
import { CommanderError } from 'commander'
import type { Terminal } from './terminal.ts'
import { safely } from './ink.ts'
import { createProgram } from './program.ts'
import { type ExitCode, Stopped } from './stopped.ts'

/** Does what the words after `countersign` say; everything that goes wrong becomes a sentence and an exit code. */
export async function run(given: Terminal, words: readonly string[]): Promise<ExitCode> {
  const terminal: Terminal = {
    ...given,
    say: (text) => given.say(safely(text)),
    mutter: (text) => given.mutter(safely(text)),
  }
  try {
    await createProgram(terminal).parseAsync(words, { from: 'user' })
    return 0
  } catch (error) {
    // Commander has said what is wrong with the words; asking for help is not wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof Stopped)) {
      terminal.mutter(`${wordsOf(error)}\n`)
      return 1
    }
    if (error.message !== '') terminal.mutter(`${error.message}\n`)
    return error.exitCode
  }
}

/** What an error says to the person at the terminal, in one line. */
function wordsOf(error: unknown): string {
  if (!(error instanceof CountersignError)) return error instanceof Error ? error.message : String(error)
  const detail = error.detail === undefined ? '' : ` ${JSON.stringify(error.detail)}`
  const help =
    error.code === 'ERR_PORT_TAKEN'
      ? ' Stop what listens there, or choose another: --port, or `listen` in countersign.yaml.'
      : ''
  return `${error.code}: ${error.message}${detail}${help}`
}
