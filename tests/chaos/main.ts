/**
 * `npm run test:chaos -- --rounds 20 --seed 7`: what an instance stands on breaks at random moments under load, and it
 * has to keep its promises P2, P6, P10, P11, P14 and P15. Without `--rounds` it plays every mode once. Nothing of it stays on
 * the machine.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { inLines } from './figures.ts'
import { playLane } from './lane.ts'
import { runLanes } from './lanes.ts'
import { modes } from './modes.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seed: { type: 'string' },
    lanes: { type: 'string', default: '1' },
    skip: { type: 'string', default: '0' },
    complete: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})
const rounds = wholeNumber(values.rounds ?? String(modes.length))
const seed = wholeNumber(values.seed ?? String(randomInt(2 ** 31)))
const lanes = wholeNumber(values.lanes)
const skip = wholeNumber(values.skip)
const { complete, only } = values
const tell = (line: string) => process.stdout.write(`${line}\n`)

if (lanes > 1) tell(`chaos: ${rounds} rounds in ${lanes} lanes`)
const words = [fileURLToPath(import.meta.url), '--only', only, ...(complete ? ['--complete'] : [])]
const figures = await (lanes > 1
  ? runLanes({ count: lanes, rounds, seed, words, tell })
  : playLane({ rounds, skip, seed, complete, only: new RegExp(only), tell }))
tell(inLines(figures))
process.exit(figures.failed > 0 ? 1 : 0)

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`Not a whole number: ${text}`)
  return Number(text)
}
