/**
 * One round: work, a strike in the middle of it, a restart, and what must be so then.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { createAsk } from '../../packages/cli/src/ask.ts'
import type { StateReport } from '@countersign/core'
import { clearDesk, clickAround, layOut, sendAgain } from './again.ts'
import { agentsAtWork } from './agents.ts'
import { age, isAcknowledged, isAsked, settledAs } from './book.ts'
import { checks, outcomeWithinMs, running, weigh } from './checks.ts'
import { peopleAtWork, signInAt } from './people.ts'
import { type DeploymentRecord, publishedCheckpoint, readRecord, verifyPublished } from './record.ts'
import { partsOf, type Stage } from './stage.ts'
import { inWords, type Strike } from './strike.ts'

export interface Tally {
  check(name: string, findings: readonly string[]): void
}

/** Far longer than any of it takes where nothing else runs. */
const leaveWithinMs = 40_000

export interface Played {
  /** In one line. */
  readonly line: string
  readonly sent: number
  readonly heard: number
}

/** @throws if the instance does not stand again: nothing more can be told then. */
export async function playRound(plan: Strike, stage: Stage, tally: Tally): Promise<Played> {
  const { instance, book } = stage
  const began = Date.now()
  const before = standingOf(stage)

  const desk = await layOut(partsOf(stage), stage.people)
  const struckAt = await workUntilStruck(stage, plan, tally)
  const startedAt = Date.now()
  const fell = plan.mode.fatal === true
  if (fell && !plan.hasty) {
    tally.check('no process is left behind', await instance.strays(leaveWithinMs))
    instance.begin()
  }
  await standAgain(stage, plan, fell)
  stage.storms.push({ from: struckAt - outcomeWithinMs, to: Date.now() })
  const backMs = Date.now() - startedAt
  tally.check('the instance stands again', [])
  tally.check('of it, no process is astray', await instance.strays(leaveWithinMs))

  const record = await look(stage, tally, 'after the restart')
  const parts = partsOf(stage)
  const again = await sendAgain(record, parts)
  tally.check('what is sent again gets its own answer, never a second run', again.findings)
  tally.check('grants and single signatures from before still count', await clearDesk(desk, parts, stage.people))
  tally.check('clicks twice, late and racing count once', await clickAround(parts, stage.people))
  const size = await checkLedger(stage, tally)
  const after = await look(stage, tally, 'in the end')

  const now = standingOf(stage)
  const errands = [...book.errands.values()]
  const open = errands.filter((errand) => isAsked(errand) && errand.approval !== undefined && !settledAs(errand)).length
  const unended = errands.reduce((sum, errand) => sum + running(errand, after), 0)
  const [sent, heard] = [now.sent - before.sent, now.heard - before.heard]
  const line = [
    inWords(plan),
    `${sent} attempts, ${heard} acknowledged, ${now.runs - before.runs} ran, ${again.replayed} replayed`,
    `${open} open, ${unended} without outcome`,
    `ledger ${size}`,
    `back in ${seconds(backMs)} s of ${seconds(Date.now() - began)} s`,
  ].join('; ')
  return { line, sent, heard }
}

/** So far, of all rounds. */
function standingOf({ book, company }: Stage): { sent: number; heard: number; runs: number } {
  const told = [...book.errands.values()].flatMap((errand) => errand.told)
  const heard = told.filter(isAcknowledged)
  return { sent: told.length, heard: heard.length, runs: company.runs.length }
}

async function look(stage: Stage, tally: Tally, when: string): Promise<DeploymentRecord> {
  const { book, company, folder, people, storms } = stage
  const readAt = Date.now()
  const record = await readRecord(people.browsers.eve)
  const evidence = { book, record, runs: company.runs, folder, storms, readAt }
  for (const [name, check] of Object.entries(checks)) tally.check(`${name} (${when})`, check(evidence))
  return record
}

/** Resolves to when it was struck. */
async function workUntilStruck(stage: Stage, plan: Strike, tally: Tally): Promise<number> {
  const { mode, lastsMs, hasty } = plan
  const { instance, book, random, people } = stage
  const done = new AbortController()
  const work = Promise.all([agentsAtWork(partsOf(stage), done.signal), peopleAtWork(people, book, random, done.signal)])
  await pause(plan.afterMs)
  stage.known = (await publishedCheckpoint(instance.publicUrl)) ?? stage.known
  const struckAt = Date.now()
  if (mode.clock) age(book, struckAt, mode.clock)
  const findings = await mode.strike(stage, lastsMs)
  const overAt = Date.now()
  if (hasty) instance.begin()
  if (!mode.fatal) await pause(500)
  done.abort()
  await work
  if (mode.clock) age(book, struckAt, mode.clock)
  if (findings) tally.check(mode.says, findings)
  if (mode.apart) tally.check('the second instance goes on meanwhile', wentOn(stage, struckAt, overAt))
  return struckAt
}

/** Once it has noticed: what the first one began in the database has to be given up first. */
function wentOn({ book, second }: Stage, struckAt: number, overAt: number): string[] {
  const halfway = (struckAt + overAt) / 2
  const told = [...book.errands.values()].flatMap((errand) => errand.told)
  const there = told.filter(({ address, at }) => address === second?.gatewayUrl && at >= halfway && at <= overAt)
  const heard = there.filter(isAcknowledged).length
  return heard > 0 ? [] : [`of ${there.length} attempts there, none was acknowledged`]
}

async function standAgain(stage: Stage, { mode }: Strike, fell: boolean): Promise<void> {
  const { instance, second, book } = stage
  if (fell) book.traces.starts.tried += 1 + (mode.again ?? 0)
  const ready = await instance.stands()
  if (!ready) throw new Error(`The instance does not stand again.\n${instance.complaints.slice(-10).join('\n')}`)
  if (fell) book.traces.starts.done += 1
  stage.ready = ready
  if (second && !(await second.stands())) throw new Error('The second instance does not stand.')
  stage.people = await signInAt(second ? [instance, second] : [instance], book)
}

async function checkLedger(stage: Stage, tally: Tally): Promise<string> {
  const { instance, book, ready, people, known } = stage
  const verified = await verifyPublished(instance.publicUrl, { auditor: people.browsers.eve, vkey: ready.vkey, known })
  if (!verified) {
    tally.check('the ledger is published', ['no checkpoint came within a minute'])
    return '?'
  }
  const { report, checkpoint } = verified
  tally.check(
    'the published ledger verifies, and continues the checkpoint from before',
    report.problems.map(({ index, says }) => `${index ?? ''} ${says}`),
  )
  const { differences } = await createAsk(instance.settings.dataDir)<StateReport>('GET', '/ledger/state')
  tally.check('what is stored is what the ledger adds up to', differences)
  const { findings, least, most } = weigh(book, report)
  tally.check('the ledger holds what was acknowledged, and nothing that was not sent', findings)
  stage.known = checkpoint
  stage.size = report.size
  return `${report.size} entries (${least} to ${most} possible), ${report.problems.length} problems`
}

const seconds = (ms: number) => (ms / 1000).toFixed(1)
