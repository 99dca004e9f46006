/**
 * Prints the references that are made from the code: `npm run docs`. With `--check` it prints nothing and fails when
 * one of them is out of step.
 *
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { printReferences } from './print/references.ts'

const checking = process.argv.includes('--check')
const stale: string[] = []

for (const { path, text } of await printReferences()) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url))
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) continue
  stale.push(path)
  if (!checking) await writeFile(file, text)
}

const list = stale.join(', ')
if (stale.length === 0) process.stdout.write('The references are in step with the code.\n')
else if (!checking) process.stdout.write(`Printed ${list}.\n`)
else {
  process.stderr.write(`Out of step with the code: ${list}. Print them with \`npm run docs\`.\n`)
  process.exitCode = 1
}
