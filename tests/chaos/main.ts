/**
 * `npm run test:chaos -- --rounds 5 --seed 7`: the house is killed at random moments under load, and has to keep its
 * promises P2, P6, P10, P11 and P14. Loopback only; nothing of it stays on the machine.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { mountSmallDisk } from './full-disk.ts'
import { createRandom } from './random.ts'
import { playRound, type Tally } from './round.ts'
import { makeFolder, openStage, type Stage } from './stage.ts'
import { planStrike } from './strike.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } })
const rounds = wholeNumber(values.rounds ?? '5')
const seed = wholeNumber(values.seed ?? String(randomInt(2 ** 31)))
const random = createRandom(seed)
const root = process.getuid?.() === 0
const counts = { passed: 0, failed: 0 }
const tell = (line: string) => process.stdout.write(`${line}\n`)
const tally: Tally = {
  check(name, findings) {
    counts[findings.length === 0 ? 'passed' : 'failed'] += 1
    if (findings.length > 0) tell([`  ✗ ${name}: ${findings.length}`, ...findings.slice(0, 5)].join('\n      '))
  },
}

const closings: (() => Promise<void>)[] = []
let closing: Promise<void> | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void close().finally(() => process.exit(1)))
}

tell(`chaos: ${rounds} rounds, seed ${seed}`)
try {
  await killAndRestart()
  if (root) await fillTheDisk()
} catch (error) {
  if (!closing) tally.check('the run', [error instanceof Error ? (error.stack ?? error.message) : String(error)])
} finally {
  await close()
}
tell(`${counts.passed} passed, ${counts.failed} failed, 0 skipped`)
process.exit(counts.failed > 0 ? 1 : 0)

async function killAndRestart(): Promise<void> {
  const stage = await open(await makeDataDir())
  for (let round = 1; round <= rounds; round += 1) {
    tell(`round ${round}: ${await playRound(planStrike(round, random), stage, tally)}`)
  }
  await closeInPeace(stage)
}

/** Where mounting is not permitted it is not part of the run. */
async function fillTheDisk(): Promise<void> {
  const dataDir = await makeDataDir()
  const disk = await mountSmallDisk(dataDir, 256)
  if (!disk) return
  closings.push(() => disk.unmount())
  const stage = await open(dataDir)
  const gapMs = random.between(1_500, 3_000)
  const plan = { victim: 'nobody', afterMs: 1_000, gapMs, hasty: false, disk } as const
  tell(`full disk: ${await playRound(plan, stage, tally)}`)
  await closeInPeace(stage)
}

async function makeDataDir(): Promise<string> {
  const dataDir = await makeFolder(root)
  closings.push(() => rm(dataDir, { recursive: true, force: true }))
  return dataDir
}

function open(dataDir: string): Promise<Stage> {
  return openStage({ dataDir, random, env: process.env, onClose: remember })
}

function remember(close: () => Promise<void>): void {
  closings.push(close)
}

async function closeInPeace({ house }: Stage): Promise<void> {
  const code = await house.close(15_000)
  tally.check('asked to close, the house closes', code === 0 ? [] : [`its exit code is ${code}`])
  tally.check('and leaves no process behind', await house.strays(5_000))
}

/** Once, in the reverse order of opening. */
function close(): Promise<void> {
  closing ??= (async () => {
    for (const each of closings.toReversed()) await each()
  })()
  return closing
}

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`Not a whole number: ${text}`)
  return Number(text)
}
