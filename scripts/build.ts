/**
 * `npm run build`: the packages, then the console, and a word on each, so that nobody waits in front of a silent terminal.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { inSteps } from './in-steps.ts'

const write = (text: string) => void process.stderr.write(text)
const runs = (command: string, ...args: string[]) => ({
  run: () => spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1,
})

if (!existsSync('packages/cli/dist/main.js')) write('Building Countersign. The first time takes some ten seconds.\n')
process.exitCode = inSteps(
  [
    { what: 'building the packages', ...runs('npx', 'tsc', '--build') },
    { what: 'building the console', ...runs(process.execPath, '--import', 'tsx', 'scripts/console.ts') },
  ],
  write,
)
