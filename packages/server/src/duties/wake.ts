/**
 * What this process alone has to hear: whoever waits here for an answer, an end or a change is woken.
 *
 * @module
 */
import type { Desk, Follower, InstanceGate, LogLine, Pins, Running, Store } from '@countersign/core'
import type { Entry } from '@countersign/schema'
import { type FollowParts, startFollower } from './followers.ts'

export interface Awake {
  readonly desk: Pick<Desk, 'show'>
  readonly gate: Pick<InstanceGate, 'show' | 'heed'>
  readonly pins: Pick<Pins, 'show'>
  /** Told which are in force. */
  readonly policies: { show(version: string): void }
  /** The windows of the console. */
  readonly windows: { hear(entry: Entry): void }
  /** Other policies are in force, or an agent is not as it was. */
  allowancesChanged(): void
}

export function wake(
  store: HereParts['store'],
  { desk, gate, pins, policies, windows, allowancesChanged }: Awake,
  log: (line: LogLine) => void,
): Promise<Running> {
  const hear = (entry: Entry) => {
    const { fact } = entry
    if (fact.kind === 'approval.changed') desk.show(fact.approval)
    if (fact.kind === 'action.finished') gate.show(fact.permit)
    if (fact.kind === 'agent.changed') gate.heed(fact.agent)
    if (fact.kind === 'tool.changed') pins.show(fact.tool)
    if (fact.kind === 'policy.activated') policies.show(fact.version)
    if (fact.kind === 'policy.activated' || fact.kind === 'agent.changed') allowancesChanged()
    windows.hear(entry)
  }
  return followHere({ store, hear, log })
}

/** Of an entry that cannot be read, within about a second: a stop (P15) is not missed for one that failed once. */
const tries = 3

export interface HereParts {
  readonly store: Pick<Store, 'journal' | 'ledger'>
  hear(entry: Entry): void
  log(line: LogLine): void
  readonly firstRetryMs?: number
}

/**
 * From now on is enough: who waits looks for itself after it began to listen. What cannot be read is soon left out,
 * since those behind it wait as well.
 */
export async function followHere({ store, hear, log, firstRetryMs }: HereParts): Promise<Running> {
  let { size: next } = await store.ledger.head()
  const cursor: FollowParts['cursor'] = {
    cursor: async () => next,
    async moveCursor(_, index) {
      next = index
    },
  }
  const follower: Follower = { name: 'here', from: 'head', follow: async (entry) => hear(entry) }
  return startFollower({ store, follower, log, cursor, tries, ...(firstRetryMs !== undefined && { firstRetryMs }) })
}
