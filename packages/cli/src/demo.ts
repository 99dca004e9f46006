/**
 * `countersign demo`: the story of one night, against a house of its own.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts, hurriedPolicies, openDemo, tellStory } from '@countersign/demo'
import { createLog } from '@countersign/server'
import { type Hand, makeDataDir } from './hand.ts'
import { inWords, verifyFrom } from './ledger.ts'
import { Stopped } from './stopped.ts'

export async function tellDemo(hand: Hand, json: boolean): Promise<void> {
  const dataDir = await makeDataDir(hand, await mkdtemp(join(tmpdir(), 'countersign-demo-')))
  const policies = await hurriedPolicies(hand.product.policies, join(dataDir, 'policies'))
  const [port = 0, httpPort = 0] = await freePorts(2)
  const { consoleDir, version } = hand.product
  const log = createLog(hand.mutter)
  const quiet = (line: Parameters<typeof log>[0]) => (line.level === 'error' ? log(line) : undefined)
  const demo = await openDemo({ dataDir, port, httpPort, policies, consoleDir, version, log: quiet })
  const say = (text: string) => (json ? undefined : hand.say(text))
  try {
    say(`A house of its own stands at ${demo.house.url}. Its people sign in and sign as a browser would.`)
    const { steps, failed } = await tellStory({
      demo,
      tell: {
        chapter: (title) => say(`\n${title}`),
        step: (what, held, detail) => say(`  ${held ? '✓' : '✗'} ${what}${held ? '' : `\n      ${detail ?? ''}`}`),
        waiting: (url, secondsLeft) => say(`    … waits for people: ${url} (${secondsLeft} s left)`),
      },
      verify: async () => {
        await new Promise((resolve) => setTimeout(resolve, 1_500)) // a checkpoint is published every second
        const report = await verifyFrom({ from: demo.house.url, vkey: demo.house.vkey })
        return { ok: report.problems.length === 0 && report.size > 0, says: inWords(report) }
      },
    })
    hand.say(json ? JSON.stringify({ steps, failed }) : `\ndemo: ${steps} steps, ${failed} failed, ledger verified`)
    if (failed > 0) throw new Stopped(1, '')
  } finally {
    await demo.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}
