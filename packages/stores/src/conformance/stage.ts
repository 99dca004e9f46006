/**
 * What the cases stand on: one open store per group of cases, and a clock that only the cases move.
 *
 * @module
 */
import type { Change, Clock, ErrorCode, Store } from '@countersign/core'
import type { ActionRecord, Agent, Entry, PermitRecord } from '@countersign/schema'
import { afterAll, beforeAll, expect } from 'vitest'
import { agentChanged, begins } from './facts.ts'
import { sampleAction, sampleAgent, samplePermit, sampleRecord, startOfTime } from './samples.ts'

/** Opens an empty store. It reads the time from `clock` and nowhere else. */
export type OpenStore = (clock?: Clock) => Promise<Store>

export interface ManualClock extends Clock {
  advance(byMs: number): void
  set(atMs: number): void
}

export function createManualClock(atMs: number = startOfTime): ManualClock {
  let now = atMs
  return {
    now: () => now,
    advance(byMs) {
      now += byMs
    },
    set(toMs) {
      now = toMs
    },
  }
}

export interface Stage {
  readonly store: Store
  readonly clock: ManualClock
}

/** Opened before the first case of the surrounding `describe`, closed after its last. */
export function stage(open: OpenStore): Stage {
  const clock = createManualClock()
  let store: Store | undefined
  beforeAll(async () => {
    store = await open(clock)
  })
  afterAll(() => store?.close())
  return {
    clock,
    get store() {
      if (store === undefined) throw new Error('the store opens before the first case')
      return store
    },
  }
}

/** The change is refused with this code, and the ledger has not grown by a leaf. */
export async function expectRefusal(store: Store, change: Change, code: ErrorCode): Promise<void> {
  const before = await store.ledger.head()
  await expect(store.commit(change)).rejects.toMatchObject({ code })
  expect(await store.ledger.head()).toEqual(before)
}

/** The first `count` entries from `index` on, as a follower gets them. */
export async function follow(store: Store, index: number, count: number): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  const enough = new AbortController()
  for await (const page of store.journal.follow(index, enough.signal)) {
    if (entries.push(...page) >= count) enough.abort()
  }
  return entries.slice(0, count)
}

/** Walks every page. */
export async function everyPage<Item>(
  page: (after: string | undefined) => Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }>,
): Promise<readonly (readonly Item[])[]> {
  const pages: (readonly Item[])[] = []
  let after: string | undefined
  do {
    const { items, next } = await page(after)
    pages.push(items)
    after = next
  } while (after !== undefined)
  return pages
}

/** An active agent, and what it takes to put actions and permits of its own into the store. */
export async function enrol(store: Store, agent: Agent = sampleAgent()) {
  await store.commit({ facts: [agentChanged(agent)] })
  return {
    agent,
    record: (over: Parameters<typeof sampleRecord>[0] = {}, action: Parameters<typeof sampleAction>[0] = {}) =>
      sampleRecord({ ...over, action: sampleAction({ agent: agent.id, ...action }) }),
    /** Decides and permits, as the gate does. */
    async permit(record: ActionRecord, over: Partial<PermitRecord> = {}): Promise<PermitRecord> {
      const permit = samplePermit(record, over)
      await store.commit({ facts: begins(record, permit) })
      return permit
    },
  }
}

/** Everything that is recorded by now can be found; what runs, once it has run for a second by the store's clock. */
export async function followed({ journal, actions: { index } }: Pick<Store, 'journal' | 'actions'>): Promise<void> {
  const follower = 'search'
  for (let next = await index.cursor(follower, 'beginning'); ;) {
    const page = await journal.read(next, 500)
    await index.add(follower, page)
    if (page.length === 0) return
    next += page.length
  }
}
