import { createInterface } from 'node:readline/promises'
import type { Person } from './terminal.ts'

/** Asks at the terminal. Whoever closes it, or presses Ctrl-D, has given their last answer. */
export function openPerson(): Person {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const gone = new AbortController()
  lines.once('close', () => gone.abort())
  lines.once('SIGINT', () => {
    lines.close()
    process.exit(130)
  })
  return {
    ask: async (question) =>
      gone.signal.aborted
        ? ''
        : lines.question(question, { signal: gone.signal }).catch((error: unknown) => {
            if (gone.signal.aborted) return ''
            throw error
          }),
    close: () => lines.close(),
  }
}
