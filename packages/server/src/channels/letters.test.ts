import type { Notice, OpenChannel } from '@countersign/core'
import { CountersignError, createConcerns } from '@countersign/core'
import { createMemoryStore } from '@countersign/stores'
import { asked, createManualClock, decided, sampleOpen, sampleRecord } from '@countersign/stores/conformance'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { deliverLetters, type Letters } from './letters.ts'

let store: ReturnType<typeof createMemoryStore>
let clock: ReturnType<typeof createManualClock>
let letters: Letters
let told: Notice[]
let again: number
let deliver: (notice: Notice) => Promise<{ message: string }>
const concerns = createConcerns({ clock: { now: () => 0 }, log: () => undefined })

beforeEach(() => {
  clock = createManualClock()
  store = createMemoryStore({ clock })
  told = []
  again = 0
  deliver = async (notice) => {
    told.push(notice)
    return { message: 'm' }
  }
  const channel: OpenChannel = {
    proves: 'nothing',
    places: ['here'],
    deliver: (notice) => deliver(notice),
    close: async () => undefined,
  }
  letters = deliverLetters({
    store,
    channels: [{ name: 'chat', channel }],
    publicUrl: 'https://countersign.example',
    concerns,
    again: () => void (again += 1),
    log: () => undefined,
    withinMs: 20,
  })
})
afterEach(() => store.close())

/** A question, and a letter about it. */
async function put(recipient = 'place:here') {
  const record = sampleRecord()
  const approval = sampleOpen(record)
  const entry = (await store.commit({ facts: [decided(record), asked(approval)] })) + 1
  await store.outbox.put([{ channel: 'chat', recipient, notice: `${approval.id}.1`, approval: approval.id, entry }])
  return { approval, record }
}
async function work() {
  await letters.duty.work()
  await letters.settled()
}

it('tells of a question as it stood at that entry, and asks for the next one at once', async () => {
  const { approval } = await put()
  await work()
  expect(told).toMatchObject([
    {
      id: `${approval.id}.1`,
      state: 'open',
      url: `https://countersign.example/approvals/${approval.id}`,
      shown: approval.shown,
    },
  ])
  expect([again, (await store.outbox.state()).waiting]).toEqual([1, 0])
})

it('waits ever longer after a failure, and does not ask for the next one', async () => {
  await put()
  let tries = 0
  deliver = async () => {
    tries += 1
    throw new CountersignError('ERR_UPSTREAM')
  }
  for (const [waitMs, expected] of [
    [0, 1],
    [999, 1],
    [1, 2],
    [1_999, 2],
    [1, 3],
  ] as const) {
    clock.advance(waitMs)
    await work()
    expect(tries).toBe(expected)
  }
  expect(again).toBe(0)
  expect(concerns.list()).toMatchObject([{ key: 'channel/chat', says: expect.stringContaining('ERR_UPSTREAM') }])
})

it('one that does not end has failed', async () => {
  await put()
  deliver = () => new Promise(() => undefined)
  await work()
  expect((await store.outbox.state()).waiting).toBe(1)
  expect(concerns.list()).toMatchObject([{ says: expect.stringContaining('ERR_UPSTREAM_LATE') }])
})

it('P12: of what was erased nothing is told, and the letter is done', async () => {
  const { record } = await put()
  await store.journal.erase(record.action.onBehalfOf ?? record.action.agent)
  await work()
  expect([told, (await store.outbox.state()).waiting]).toEqual([[], 0])
})

it.each(['place:elsewhere', 'person:per_nobody', 'nonsense'])(
  'a letter to %s, which there is not, is given up',
  async (to) => {
    await put(to)
    await work()
    expect(told).toEqual([])
    expect((await store.outbox.state()).dead).toMatchObject([{ recipient: to, code: 'gone' }])
  },
)
