/** One bad row must not keep Countersign from the good ones. */
import { createDesk, CountersignError, type Desk, type LogLine, type Store } from '@countersign/core'
import { createMemoryStore } from '@countersign/stores'
import {
  agentChanged,
  asked,
  createManualClock,
  decided,
  founded,
  minuteMs,
  begins,
  sampleAction,
  sampleAgent,
  sampleAllow,
  sampleOpen,
  samplePermit,
  sampleRecord,
} from '@countersign/stores/conformance'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createHints, type Told } from '../api/events/hints.ts'
import { startFollower } from '../duties/followers.ts'
import { openAll } from '../opened.ts'
import { deadlines } from '../duties/deadlines.ts'
import { startDuty } from '../duties/duty.ts'
import { followHere } from '../duties/wake.ts'

let clock: ReturnType<typeof createManualClock>
let opened: ReturnType<typeof openAll>
let store: Store
let lines: LogLine[]
beforeEach(() => {
  clock = createManualClock()
  opened = openAll()
  store = createMemoryStore({ clock })
  lines = []
})
afterEach(async () => {
  await opened.close()
  await store.close()
})

const log = (line: LogLine) => void lines.push(line)
const keep = (kept: Store, desk: Pick<Desk, 'expireOrEscalateDue'>) =>
  Promise.resolve(startDuty(deadlines({ store: kept, desk, log, everyMs: 1 }), { store: kept, node: 'nod_1', log }))
const broken = () => new CountersignError('ERR_LEDGER_BROKEN')

/** Reads in pages of three, as a database does: one bad entry spoils its page. */
function withUnreadable(journal: Store['journal'], bad: number): Store['journal'] {
  const read = async (index: number, limit: number) => {
    if (bad >= index && bad < index + limit) throw broken()
    return journal.read(index, limit)
  }
  return {
    ...journal,
    read,
    async *follow(index, signal) {
      for (let next = index; !signal.aborted;) {
        const page = await read(next, 3)
        next += page.length
        yield page
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
  }
}

it('an entry that cannot be read is left out and named, and all others are told', async () => {
  await store.commit({ facts: Array.from({ length: 6 }, founded) })
  const told: number[] = []
  const follow = async ({ index }: { index: number }) => void told.push(index)
  const journal = withUnreadable(store.journal, 2)
  await opened.add(
    Promise.resolve(
      startFollower({
        store: { journal },
        follower: { name: 'reader', from: 'beginning' as const, follow },
        log,
        firstRetryMs: 1,
      }),
    ),
  )
  await expect.poll(() => store.journal.cursor('reader', 'beginning'), { timeout: 5_000 }).toBe(6)
  expect(told).toEqual([0, 1, 3, 4, 5])
  expect(lines.filter(({ level }) => level === 'error')).toEqual([
    expect.objectContaining({ follower: 'reader', index: 2, code: 'ERR_LEDGER_BROKEN' }),
  ])
})

const asking = async () => {
  const record = sampleRecord()
  const approval = sampleOpen(record)
  await store.commit({ facts: [decided(record), asked(approval)] })
  return approval.id
}
const stateOf = async (id: string) => (await store.approvals.get(id))?.state

it('P7: a question that cannot be settled keeps no other from expiring', async () => {
  const [bad, good] = [await asking(), await asking()]
  const commit = store.commit.bind(store)
  const stubborn: Store = {
    ...store,
    async commit(change) {
      if (change.facts.some((fact) => fact.kind === 'approval.changed' && fact.approval.id === bad)) throw broken()
      return commit(change)
    },
  }
  clock.advance(31 * minuteMs)
  await opened.add(keep(stubborn, createDesk({ store: stubborn })))
  await expect.poll(() => stateOf(good)).toBe('expired')
  expect(await stateOf(bad)).toBe('open')
  expect(lines.length).toBeGreaterThan(0)
})

it('P2: nor a permit without an outcome from being closed', async () => {
  const agent = sampleAgent()
  await store.commit({ facts: [agentChanged(agent)] })
  const record = sampleRecord({ action: sampleAction({ agent: agent.id }), decision: sampleAllow() })
  const permit = samplePermit(record, { agentVersion: agent.version })
  await store.commit({ facts: begins(record, permit) })
  clock.set(permit.deadline + 1)
  const desk = {
    ...createDesk({ store }),
    async expireOrEscalateDue() {
      throw broken()
    },
  }
  await opened.add(keep(store, desk))
  await expect.poll(async () => (await store.permits.get(permit.id))?.outcome?.kind).toBe('unknown')
})

it('open windows are told what comes after it, and one that comes back over it reads anew', async () => {
  await store.commit({ facts: Array.from({ length: 2 }, founded) })
  const journal = withUnreadable(store.journal, 3)
  const torn = { journal, ledger: store.ledger }
  const hints = createHints(torn)
  await opened.add(followHere({ store: torn, hear: hints.hear, log, firstRetryMs: 1 }))
  const [first, back]: [Told[], Told[]] = [[], []]
  await hints.listen(undefined, (told) => first.push(told))
  await store.commit({ facts: Array.from({ length: 4 }, founded) })
  await expect.poll(() => first.map(({ index }) => index)).toEqual([2, 4, 5])
  await hints.listen(1, (told) => back.push(told))
  expect(back[0]).toMatchObject({ kind: 'reset', index: 5 })
})
