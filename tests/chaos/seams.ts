/**
 * Strikes at the seams of a commit: not somewhere near them, but at the very message, row or run. Where a seam is not reached,
 * that is a finding.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { attempt } from './agents.ts'
import { mayBeStopped } from './book.ts'
import { signal } from './processes.ts'
import type { Standing } from './standing.ts'
import type { Mode, Targets } from './strike.ts'
import type { Seam, Stopped } from './wire.ts'

const hourMs = 3_600_000
/** For work to come to a seam that it passes many times a second; some wait for a signature. */
const reachedWithinMs = 20_000
const notReached = ['the seam was not reached']
/** For what was sent to have been judged, and to wait for its turn; a batch that stands still for longer is ended by the server. */
const queuedMs = 600
/** Until what was passed on has certainly arrived. */
const momentMs = 50

/** What an instance loses, kills or misses there. */
const wired = (says: string, strike: Mode['strike'], more: Partial<Mode> = {}): Mode => ({
  scene: 'wired',
  says,
  lastsMs: [0, 0],
  strike,
  ...more,
})

const withinReach = () => AbortSignal.timeout(reachedWithinMs)

const atSeam = (
  seam: Seam,
  says: string,
  then: (targets: Targets, at: Stopped) => Promise<void>,
  more?: Partial<Mode>,
) =>
  wired(
    says,
    async (targets) => {
      const at = await targets.wires?.[0].stopAt(seam, withinReach())
      if (!at) return notReached
      await pause(momentMs)
      return then(targets, at)
    },
    more,
  )

const between = (
  says: string,
  then: (targets: Targets, pid: number, lastsMs: number) => Promise<void>,
  more?: Partial<Mode>,
) =>
  wired(
    says,
    async (targets, lastsMs) => {
      const { database, wires } = targets
      const at = wires && (await database?.stopBetween(wires[0].pids, withinReach()))
      if (!at) return notReached
      await then(targets, at.pid, lastsMs)
      await at.letGo()
      return undefined
    },
    more,
  )

/** Whose COPY it is that comes first: one instance at a time has the followers. */
const inCopy = (says: string, then: (targets: Targets, at: Stopped, whose: Standing) => Promise<void>): Mode =>
  wired(says, async (targets) => {
    const { wires, instance, second } = targets
    if (!wires || !second) return notReached
    const enough = new AbortController()
    const either = AbortSignal.any([enough.signal, withinReach()])
    const found = await Promise.race(
      [instance, second].map(async (whose, place) => ({ whose, at: await wires[place]?.stopAt('copying', either) })),
    )
    enough.abort()
    if (!found.at) return notReached
    await pause(momentMs)
    await then(targets, found.at, found.whose)
    return undefined
  })

export const seams: readonly Mode[] = [
  atSeam(
    'stood',
    'node killed when its batch stands, and before it has heard so',
    ({ instance }) => instance.killInstance(),
    {
      fatal: true,
    },
  ),
  atSeam('stood', 'the wire cut when a batch stands, and before anybody has heard so', async (_, at) => at.cut()),
  between('postgres’ process killed between permits and their segment', async (_, pid) => void signal(pid, 'SIGKILL')),
  between(
    'node killed between permits and their segment, which the server then writes or not',
    async ({ instance }, _, lastsMs) => {
      await instance.killInstance()
      await pause(lastsMs)
    },
    { fatal: true, lastsMs: [0, 1_500] },
  ),
  inCopy('the wire cut inside a COPY', async (_, at) => at.cut()),
  inCopy('postgres’ process ended inside a COPY', async (_, { pid }) => void signal(pid, 'SIGTERM')),
  inCopy('node killed inside a COPY', async ({ book }, _, whose) => {
    await whose.killInstance()
    book.traces.starts.tried += 1
    whose.begin()
    if (await whose.stands()) book.traces.starts.done += 1
  }),
  wired('an agent stopped elsewhere while its permits are on their way', stopElsewhere, { lastsMs: [0, 1_000] }),
  wired(
    'node killed while what has no row runs',
    async (targets) => {
      const { company, instance, book } = targets
      const errands = [book.open('read'), book.open('note')]
      const told = errands.map((errand) => attempt(errand, partsAt(targets, instance)))
      const letGo = await company.holdAnswers(
        errands.map(({ ref }) => ref),
        withinReach(),
      )
      await instance.killInstance()
      letGo?.()
      await Promise.all(told)
      return letGo ? undefined : notReached
    },
    { fatal: true },
  ),
  wired(
    'the clocks of two instances ten hours apart',
    async ({ clocks, database }, lastsMs) => {
      const since = await database?.now()
      await Promise.all([clocks?.[0].set(5 * hourMs), clocks?.[1].set(-5 * hourMs)])
      await pause(lastsMs)
      await Promise.all([clocks?.[0].set(0), clocks?.[1].set(0)])
      return since === undefined ? notReached : database?.timesSince(since)
    },
    { lastsMs: [2_500, 5_000] },
  ),
]

/** What the gate has let pass waits for its turn to be written, and then is on its way, when the agent is stopped at the other. */
async function stopElsewhere(targets: Targets, lastsMs: number): Promise<string[]> {
  const { wires, instance, second, people, book, company } = targets
  const wire = wires?.[0]
  const before = await wire?.stopAt('sent', withinReach())
  if (!wire || !before || !second) return notReached
  const errands = Array.from({ length: 4 }, () => book.open('read', { agent: mayBeStopped }))
  const told = Promise.all(errands.map((errand) => attempt(errand, partsAt(targets, instance))))
  await pause(queuedMs)
  const next = wire.stopAt('sent', withinReach())
  await before.letGo()
  const at = await next
  if (!at) {
    await told
    return notReached
  }
  await instance.holdInstance(lastsMs, () => turn('cleo', 'stop'))
  const won = await at.letGo()
  await told
  await turn('eve', 'start')
  return [
    ...(won ? ['a batch stood that was judged on what was no longer so'] : []),
    ...errands
      .filter(({ ref }) => company.runs.some((run) => run.ref === ref))
      .map(({ ref }) => `${ref} ran after its agent was stopped`),
  ]

  async function turn(who: 'cleo' | 'eve', way: 'stop' | 'start'): Promise<void> {
    book.traces.switches.tried += 1
    const { status } = await people.elsewhere(who).post(`/api/agents/${mayBeStopped}/${way}`, {})
    if (status === 200) book.traces.switches.done += 1
    else throw new Error(`An agent cannot be turned (${way}): ${status}`)
  }
}

const partsAt = ({ book, random, ready, folder }: Targets, instance: Standing) => ({
  book,
  random,
  ready,
  folder,
  addresses: [instance],
})
