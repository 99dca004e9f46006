import { CountersignError, createDesk, type LogLine, type Store } from '@countersign/core'
import { createMemoryStore } from '@countersign/stores'
import {
  agentChanged,
  asked,
  createManualClock,
  decided,
  minuteMs,
  begins,
  sampleAction,
  sampleAgent,
  sampleAllow,
  sampleOpen,
  samplePermit,
  sampleRecord,
  startOfTime,
} from '@countersign/stores/conformance'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openAll } from '../opened.ts'
import { deadlines } from './deadlines.ts'
import { startDuty } from './duty.ts'

describe('deadlines', () => {
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
  const start = (node: string, desk = createDesk({ store })) =>
    opened.add(Promise.resolve(startDuty(deadlines({ store, desk, log, everyMs: 1 }), { store, node, log })))

  it('P7: a question that nobody answered expires', async () => {
    const record = sampleRecord()
    const approval = sampleOpen(record)
    await store.commit({ facts: [decided(record), asked(approval)] })
    await start('nod_1')
    clock.advance(30 * minuteMs)
    await expect.poll(async () => (await store.approvals.get(approval.id))?.state).toBe('expired')
  })

  it('P2: a permit whose outcome never came is closed as unknown, and alarmed', async () => {
    const agent = sampleAgent()
    await store.commit({ facts: [agentChanged(agent)] })
    const record = sampleRecord({ action: sampleAction({ agent: agent.id }), decision: sampleAllow() })
    const permit = samplePermit(record, { agentVersion: agent.version })
    await store.commit({ facts: begins(record, permit) })
    await start('nod_1')
    clock.set(Math.max(startOfTime, permit.deadline) + 1)
    await expect.poll(async () => (await store.permits.get(permit.id))?.outcome?.kind).toBe('unknown')
    expect(lines.some(({ level }) => level !== 'info')).toBe(true)
  })

  it('are kept by one instance at a time, and by another when that is gone', async () => {
    const made: string[] = []
    const deskOf = (node: string) => ({
      ...createDesk({ store }),
      expireOrEscalateDue: async () => void made.push(node),
    })
    const first = await start('nod_1', deskOf('nod_1'))
    await expect.poll(() => made.length).toBeGreaterThan(2)
    await start('nod_2', deskOf('nod_2'))
    await expect.poll(() => made.length).toBeGreaterThan(10)
    expect(new Set(made)).toEqual(new Set(['nod_1']))
    await first.close()
    await expect.poll(() => made.includes('nod_2')).toBe(true)
  })

  it('what fails is logged, and done the next time', async () => {
    let made = 0
    await start('nod_1', {
      ...createDesk({ store }),
      async expireOrEscalateDue() {
        made += 1
        if (made < 3) throw new CountersignError('ERR_STORE_UNAVAILABLE')
      },
    })
    await expect.poll(() => made).toBeGreaterThan(3)
    expect(lines.map(({ code }) => code)).toEqual(['ERR_STORE_UNAVAILABLE', 'ERR_STORE_UNAVAILABLE'])
  })
})
