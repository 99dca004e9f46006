/**
 * Several runs beside each other: each a process, with a seed, instances and networks of its own. While one waits for a
 * lease to end, another works. The second goes on in the list of modes where the share of the first ends.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type Figures, noFigures, readFigures, sumOf } from './figures.ts'

export interface LanesParts {
  readonly count: number
  /** Shared out among them, so that twenty rounds see every mode, in however many lanes. */
  readonly rounds: number
  /** Of the first; each of the others has the next. */
  readonly seed: number
  /** The program of a lane, and what each is told beside its rounds and its seed. */
  readonly words: readonly string[]
  tell(line: string): void
}

/** A lane that ends without its figures has failed once. */
export async function runLanes({ count, rounds, seed, words, tell }: LanesParts): Promise<Figures> {
  const lanes: ChildProcess[] = []
  process.on('SIGTERM', () => {
    for (const lane of lanes) lane.kill('SIGTERM')
  })
  process.on('SIGINT', () => undefined) // a terminal tells each of them itself
  return sumOf(await Promise.all(Array.from({ length: count }, (_, address) => runLane(address))))

  async function runLane(address: number): Promise<Figures> {
    const skip = Math.round((rounds * address) / count)
    const share = Math.round((rounds * (address + 1)) / count) - skip
    const own = ['--rounds', `${share}`, '--skip', `${skip}`, '--seed', `${seed + address}`]
    const all = [...process.execArgv, ...words, ...own]
    const lane = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'] })
    lanes.push(lane)
    const said: string[] = []
    createInterface({ input: lane.stdout }).on('line', (line) => {
      said.push(line)
      tell(`${seed + address} | ${line}`)
    })
    await once(lane, 'close')
    return readFigures(said.slice(-2).join('\n')) ?? { ...noFigures, failed: 1 }
  }
}
