/**
 * How long somebody waits: for the instance to stand, with empty and with old data, and for the command line's quickest
 * words.
 *
 * @module
 */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '@countersign/demo'
import { makeFolder, policies, program } from './instance.ts'
import { type Aim, type Bench, type Figures, type Row, rowOf, spreadOf, takeTurns } from './measure.ts'
import { answers, cpuOf, run, start as startProgram } from './processes.ts'
import { digits } from './report.ts'

export const start: Bench = {
  name: 'start',
  about: 'cold and warm start until /readyz, and the command line’s --version and check',
  pictures: [{ title: 'How long it took (ms)', figure: 'tookMs' }],

  async run(settings) {
    const folder = await makeFolder()
    const [port = 0] = await freePorts(1)
    const config = join(folder, 'countersign.yaml')
    await writeFile(
      config,
      JSON.stringify({
        name: 'bench',
        listen: { port },
        policies,
        registry: join(policies, 'registry.yaml'),
        agentGroups: ['ml-agents', 'finance-agents', 'platform-agents'],
      }),
    )
    const data = join(folder, 'data')
    const serve = ['serve', '--json', '--config', config, '--data', data]
    const ready = `http://localhost:${port}/readyz`
    const kinds = [
      { what: 'cold, empty data', measure: () => rm(data, { recursive: true }).then(() => standing(serve, ready)) },
      { what: 'warm, data of before', measure: () => standing(serve, ready) },
      { what: 'countersign --version', measure: () => saying(['--version']) },
      { what: 'countersign check', measure: () => saying(['check', '--config', config]) },
    ]
    try {
      const rows: Row[] = []
      for (const { what, measure } of kinds) {
        rows.push(...(await takeTurns(what, [{ name: 'start', measure }], settings)))
      }
      return { rows, aims: aimsOf(rows) }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

function aimsOf(rows: readonly Row[]): Aim[] {
  const row = rowOf(rows, 'warm, data of before', 'start')
  const ms = (row && spreadOf(row, 'tookMs')?.median) ?? Number.NaN
  return [{ says: 'warm start to /readyz in less than a second', met: ms < 1_000, got: `${digits(ms)} ms` }]
}

/** From the start of the program until it answers that it is ready. */
async function standing(words: readonly string[], ready: string): Promise<Figures> {
  const started = performance.now()
  const instance = startProgram([...program, ...words])
  await answers(ready, 10)
  const tookMs = performance.now() - started
  const { ownSeconds, belowSeconds } = await cpuOf(instance.pid)
  await instance.close()
  return { tookMs, nodeCpuMs: ownSeconds * 1_000, postgresCpuMs: belowSeconds * 1_000 }
}

async function saying(words: readonly string[]): Promise<Figures> {
  const started = performance.now()
  await run([...program, ...words])
  return { tookMs: performance.now() - started }
}
