import type { SystemView } from '@countersign/schema'
import { counted } from '../words/words.ts'
import { duration } from '../words/time.ts'

/** A follower that has not dealt with an entry for this long is not just busy. */
const patienceMs = 60_000
/** A right to run lasts ten seconds and is renewed every three. */
const silenceMs = 7_000
/** A notice that was given up is a concern for so long. */
const dayMs = 24 * 3_600_000

export interface Concern {
  readonly says: string
  /** When it began, where that is known. */
  readonly since?: string
}

/** What a person must act on, in sentences: first the causes that parts tell themselves, then what the figures say. */
export const concernsOf = (system: SystemView): Concern[] => [
  ...system.concerns.map(({ says, since }) => ({ says, since })),
  ...fromFigures(system).map((says) => ({ says })),
]

function fromFigures({ at, instances, duties, followers, queues, letters, gateways }: SystemView): string[] {
  const now = Date.parse(at)
  const since = (moment: string) => now - Date.parse(moment)
  const concerns: string[] = []
  if (!duties.some(({ name }) => name === 'deadlines')) {
    concerns.push(
      'No instance keeps the deadlines: questions still expire in time, but nobody is told, and none escalates.',
    )
  }
  for (const { id, beatAt } of instances) {
    if (since(beatAt) > silenceMs) concerns.push(`The instance …${id.slice(-8)} has not renewed its right to run.`)
  }
  for (const { name, trouble, leftOut, waitingSince, behind } of followers) {
    if (leftOut.length > 0) {
      const entries = counted(leftOut.length, 'entry', 'entries')
      concerns.push(`${name} left out ${entries}: what it should have told was not told. The log says why.`)
    }
    if (trouble) concerns.push(`${name} fails over entry ${trouble.index}, and will try again.`)
    else if (waitingSince !== undefined && since(waitingSince) > patienceMs) {
      const entries = counted(behind, 'entry', 'entries')
      concerns.push(`${name} is ${entries} behind, for ${duration(since(waitingSince))}.`)
    }
  }
  if (gateways.length === 0) concerns.push('No gateway is configured, so no agent can come in.')
  for (const { gateway, name, observes } of gateways) {
    if (observes) concerns.push(`${gateway}/${name} only observes: what should wait for people runs.`)
  }
  const given = letters.dead.filter((letter) => since(letter.at) < dayMs)
  if (given.length > 0) {
    const newest = given.map(({ channel, code }) => `${channel} (${code})`)
    const where = [...new Set(newest)].join(', ')
    concerns.push(`${counted(given.length, 'notice was', 'notices were')} given up within a day: ${where}.`)
  }
  if (queues.openQuestions > 100) {
    concerns.push(`${counted(queues.openQuestions, 'question')} wait. People who are asked too much stop reading.`)
  }
  return concerns
}
