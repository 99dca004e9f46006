/**
 * What holds before anything is handed over: types, lint, unused code, core and the laws over the whole. Two rows side by
 * side, since half of it uses one processor; each is told when it is done, and all of it runs whatever fails.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const rows: readonly (readonly string[])[] = [
  ['npm run --silent typecheck', 'npm run --silent unused'],
  [
    'npm run --silent lint',
    'npx vitest run packages/core tests/architecture.test.ts tests/words.test.ts tests/docs.test.ts',
  ],
]

/** The compiler and the lint with types are written in Go, and a quarter of their work is to keep their memory small. */
const env = { ...process.env, GOGC: '400' }

const codes = await Promise.all(rows.map(inOrder))
process.exitCode = codes.every((code) => code === 0) ? 0 : 1

async function inOrder(commands: readonly string[]): Promise<number> {
  let worst = 0
  for (const command of commands) worst = Math.max(worst, await tell(command))
  return worst
}

async function tell(command: string): Promise<number> {
  const startedAt = performance.now()
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'], env })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  }
  const [code] = (await once(child, 'close')) as [number | null]
  process.stdout.write(`── ${command} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)\n${said}`)
  return code ?? 1
}
