/**
 * Which run an action meets that was sent before, on a page: runs under way, those whose client or whose instance is gone,
 * and those whose answer nobody got.
 *
 * @module
 */

/** A run as the model has it. */
export interface Run {
  readonly node: string
  readonly signed: boolean
  readonly deadline: number
  /** It is known that nobody waits for it. */
  gone: boolean
  outcome: 'none' | 'done' | 'unknown'
  delivered: boolean
}

/** Of one action, oldest first. */
export type Runs = Run[]

const finishWithinMs = 15 * 60_000

export function begun(runs: Runs, node: string, signed: boolean, now: number): string {
  const deadline = now + finishWithinMs
  runs.push({ node, signed, deadline, gone: false, outcome: 'none', delivered: false })
  return 'ran'
}

/** What is told of an earlier run in place of another one. `again`: under the attempt id of the newest one. */
export function known(runs: Runs, again: boolean): string | undefined {
  const same = again ? runs.at(-1) : undefined
  const run = same ?? lost(runs) ?? runs.findLast(underWay)
  return run && told(run)
}

/** The same where nobody was asked: beside a run at the same instance, whose client still waits, another one may run. */
export function inTheWay(runs: Runs, node: string, again: boolean): string | undefined {
  const same = again ? runs.at(-1) : undefined
  const run = same ?? lost(runs) ?? runs.findLast((one) => underWay(one) && (one.gone || one.node !== node))
  return run && told(run)
}

const underWay = ({ outcome }: Run): boolean => outcome === 'none'

/** Nothing is open: whoever sends it is the first to do so. */
export const isQuiet = (runs: Runs): boolean => runs.every((run) => !underWay(run) && run.delivered)

export function ended(run: Run, delivered: boolean): void {
  run.outcome = 'done'
  run.delivered ||= delivered
}

/** What the rounds do: close what is overdue, and give up on clients of instances without a lease. */
export function wentRound(runs: Runs, leased: readonly string[], now: number): void {
  for (const run of runs.filter(underWay)) {
    if (now > run.deadline) run.outcome = 'unknown'
    else if (!leased.includes(run.node)) run.gone = true
  }
}

const lost = (runs: Runs) => runs.findLast((run) => !underWay(run) && !run.delivered)

function told(run: Run): string {
  if (underWay(run)) return 'done'
  run.delivered = true
  return run.outcome === 'done' ? 'replayed' : 'done'
}
