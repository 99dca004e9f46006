/**
 * Everything we claim about speed, measured.
 *
 *     npm run bench [-- <name>…] [-- --quick] [-- --large] [-- --json] [-- --write]
 *
 * `--quick` takes fewer samples, `--large` searches among five millions as well and records ten, `--json` prints every round of every side, `--write` puts the figures into
 * docs/performance.md and its pictures. Whatever a bench needs and does not find it names, and the run fails.
 *
 * @module
 */
import { arch, cpus, release, totalmem } from 'node:os'
import { gate } from './gate.ts'
import { grow } from './grow.ts'
import { http } from './http.ts'
import { instances } from './instances.ts'
import { type Bench, Missing, type Report, type Settings } from './measure.ts'
import { ledger } from './ledger.ts'
import { mcp } from './mcp.ts'
import { memory } from './memory.ts'
import { writePage } from './page.ts'
import { asMarkdown } from './report.ts'
import { search } from './search.ts'
import { start } from './start.ts'
import { wake } from './wake.ts'

const benches: readonly Bench[] = [gate, grow, instances, http, mcp, wake, ledger, search, start, memory]

const words = process.argv.slice(2)
const named = words.filter((word) => !word.startsWith('--'))
const flags = new Set(words.filter((word) => word.startsWith('--')))
const unknown = [
  ...named.filter((name) => !benches.some((bench) => bench.name === name)),
  ...[...flags].filter((flag) => !['--quick', '--large', '--json', '--write'].includes(flag)),
]
if (unknown.length > 0) {
  const known = benches.map(({ name, about }) => `  ${name.padEnd(9)} ${about}`).join('\n')
  process.stderr.write(`There is no ${unknown.join(', ')}. There are:\n${known}\n`)
  process.exit(2)
}

const quick = flags.has('--quick')
const settings: Settings = {
  quick,
  large: flags.has('--large'),
  rounds: quick ? 2 : 3,
  forMs: quick ? 500 : 1_500,
  warmMs: quick ? 2_000 : 10_000,
  say,
}
const measured: { bench: Bench; report: Report }[] = []
const missing: string[] = []
for (const bench of benches.filter(({ name }) => named.length === 0 || named.includes(name))) {
  try {
    const report = await bench.run({ ...settings, say: (progress) => say(`${bench.name}: ${progress}`) })
    measured.push({ bench, report })
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    missing.push(`${bench.name} was not measured. ${error.message}`)
  }
}
clear()

const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? arch()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}`
if (flags.has('--write')) await writePage(machine, measured)
if (flags.has('--json')) {
  const reports = Object.fromEntries(measured.map(({ bench, report }) => [bench.name, report]))
  process.stdout.write(`${JSON.stringify({ machine, quick, reports, missing })}\n`)
} else {
  process.stdout.write(`${machine}\n`)
  for (const { bench, report } of measured) process.stdout.write(`\n${bench.name}\n\n${asMarkdown(report)}\n`)
}
for (const line of missing) process.stderr.write(`${line}\n`)
process.exitCode = missing.length > 0 ? 1 : 0

/** One line that is written over, where somebody looks at it. */
function say(progress: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${progress}`)
  else process.stderr.write(`${progress}\n`)
}

function clear(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
}
