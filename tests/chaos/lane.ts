/**
 * One run: instances one after another, round after round, until it is asked to end.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Figures, noFigures } from './figures.ts'
import { forgeInstance } from './forge.ts'
import { findMeans, lacks } from './means.ts'
import { modes } from './modes.ts'
import { createRandom } from './random.ts'
import { playRound, type Tally } from './round.ts'
import { openStage, type Stage } from './stage.ts'
import { type Mode, planStrike, type Scene } from './strike.ts'

export interface LaneParts {
  readonly rounds: number
  /** So many modes of the list come last and not first. */
  readonly skip: number
  readonly seed: number
  /** Modes whose name matches. */
  readonly only: RegExp
  /** What cannot be played here counts as failed. */
  readonly complete: boolean
  tell(line: string): void
}

export async function playLane({ rounds, skip, seed, only, complete, tell }: LaneParts): Promise<Figures> {
  const random = createRandom(seed)
  const figures: { -readonly [Name in keyof Figures]: Figures[Name] } = { ...noFigures }
  const tally: Tally = {
    check(name, findings) {
      figures[findings.length === 0 ? 'passed' : 'failed'] += 1
      if (findings.length > 0) tell([`  ✗ ${name}: ${findings.length}`, ...findings.slice(0, 5)].join('\n      '))
    },
  }

  /** To do at the end, in the reverse order. */
  const closings: (() => Promise<void>)[] = []
  let closing: Promise<void> | undefined
  let enough = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (enough) void close().finally(() => process.exit(1))
      else tell('asked to end: this round is the last (asked again: at once)')
      enough = true
    })
  }

  tell(`chaos: ${rounds} rounds, seed ${seed}`)
  try {
    await playAll()
  } catch (error) {
    if (!closing) tally.check('the run', [says(error)])
  } finally {
    await close()
  }
  return figures

  /**
   * An instance lives for as many rounds as there are modes; then comes a new one, so that looking at everything stays
   * quick.
   */
  async function playAll(): Promise<void> {
    const means = await findMeans(process.getuid?.() === 0)
    const wanted = modes.filter(({ says }) => only.test(says))
    const possible = wanted.filter((mode) => {
      const missing = lacks(mode, means)
      if (missing !== undefined) tell(`not played here: ${mode.says} (needs ${missing})`)
      if (missing !== undefined && complete) tally.check(mode.says, [`needs ${missing}`])
      return missing === undefined
    })
    const outDir = await mkdtemp(fileURLToPath(new URL('../../node_modules/.chaos-', import.meta.url)))
    closings.push(() => rm(outDir, { recursive: true, force: true }))
    const program = await forgeInstance(outDir)

    if (possible.length === 0) return tally.check('the run', ['nothing can be played'])
    const first = skip % possible.length
    const inTurn = [...possible.slice(first), ...possible.slice(0, first)]
    for (let left = rounds; left > 0 && !enough; left -= possible.length) {
      for (const scene of ['alone', 'small-disk', 'pair', 'wired'] satisfies Scene[]) {
        const turns = inTurn.slice(0, left).filter((mode) => mode.scene === scene)
        if (turns.length > 0 && !enough)
          await playScene(scene, turns, () => openStage({ scene, means, random, env: process.env, program, onClose }))
      }
    }
  }

  async function playScene(scene: Scene, turns: readonly Mode[], open: () => Promise<Stage>): Promise<void> {
    const mark = closings.length
    try {
      const stage = await open()
      for (const mode of turns) {
        if (enough) break
        const { line, sent, heard } = await playRound(planStrike(mode, random), stage, tally)
        figures.rounds += 1
        figures.sent += sent
        figures.heard += heard
        tell(`round ${figures.rounds}: ${line}`)
      }
      figures.entries += stage.size
      await closeInPeace(stage)
    } catch (error) {
      if (!closing) tally.check(`the run (${scene})`, [says(error)]) // the next instance may fare better
    }
    if (closing) return closing
    for (const each of closings.splice(mark).toReversed()) await each()
  }

  function onClose(close: () => Promise<void>): void {
    closings.push(close)
  }

  async function closeInPeace({ instance, second }: Stage): Promise<void> {
    for (const each of second ? [second, instance] : [instance]) {
      const code = await each.close(60_000)
      tally.check('asked to close, the instance closes', code === 0 ? [] : [`its exit code is ${code}`])
      tally.check('and leaves no process behind', await each.strays(40_000))
    }
  }

  /** Once. */
  function close(): Promise<void> {
    closing ??= (async () => {
      for (const each of closings.toReversed()) await each()
    })()
    return closing
  }
}

function says(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
