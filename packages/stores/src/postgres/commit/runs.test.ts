import type { Store } from '@countersign/core'
import type { ActionRecord, PermitRecord } from '@countersign/schema'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { begins, decided, finished, founded, replayed, samplePermit, sampleUnknown, unique } from '../../conformance.ts'
import { createManualClock, enrol, followed, type ManualClock } from '../../conformance/stage.ts'
import { createPostgresStore } from '../postgres.ts'
import { startTestServer, testKeys, type TestServer } from '../testing.ts'

/** What policy allows at once, and nobody asks for again: its entries are all there is of it. */
describe('a run without a row', { timeout: 60_000 }, () => {
  let postgres: TestServer
  let connection: pg.ClientConfig
  let keys: ReturnType<typeof testKeys>
  let clock: ManualClock
  const opened: Store[] = []

  beforeAll(async () => {
    postgres = await startTestServer()
  }, 60_000)
  afterAll(() => postgres.close())
  beforeEach(async () => {
    connection = await postgres.freshDatabase()
    keys = testKeys()
    clock = createManualClock()
  })
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close()
  })

  async function openStore(remembered?: number): Promise<Store> {
    const options = { connection, keys, origin: 'test.example/default', clock, connections: 2, remembered }
    const store = await createPostgresStore(options)
    opened.push(store)
    return store
  }
  async function sql<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
    const client = new pg.Client(connection)
    await client.connect()
    try {
      return (await client.query<Row>(text)).rows
    } finally {
      await client.end()
    }
  }
  const rowsOf = (permit: PermitRecord) =>
    sql<{ outcome: string | null }>(`select outcome from permit where id = '${permit.id}'`)
  const settled = async () => Number((await sql<{ settled: string }>('select settled from head'))[0]?.settled)

  async function scene() {
    const store = await openStore()
    const { record: sample } = await enrol(store)
    /** Of an attempt without an id. */
    const record = (over: Parameters<typeof sample>[0] = {}, action: Parameters<typeof sample>[1] = {}) =>
      sample({ attempt: { credential: unique('key') }, ...over }, { parameters: { one: unique('one') }, ...action })
    const permit = async (of: ActionRecord, over: Partial<PermitRecord> = {}) => {
      const made = samplePermit(of, over)
      await store.commit({ facts: begins(of, made) })
      return made
    }
    return { store, record, permit }
  }

  /** As everybody finds a run. */
  async function foundBy(store: Store, record: ActionRecord, permit: PermitRecord) {
    const { credential } = permit.attempt
    const life = await store.permits.get(permit.id)
    const [ofAction] = await store.actions.lives([record.id])
    return {
      permit: life?.permit.id,
      outcome: life?.outcome?.kind,
      action: ofAction?.permit?.id,
      ended: ofAction?.outcome?.kind,
      begun: (await store.permits.begun(credential, permit.asked))?.permit.id,
      openEnded: (await store.permits.openEnded(permit.asked))?.permit.id,
      running: (await store.actions.search({ outcome: 'running' })).items.map((one) => one.record.id),
      timeline: (await store.actions.get(record.id))?.timeline.map(({ fact }) => fact.kind),
    }
  }
  const whileItRuns = ({ id }: ActionRecord, permit: PermitRecord) => ({
    permit: permit.id,
    outcome: undefined,
    action: permit.id,
    ended: undefined,
    begun: permit.id,
    openEnded: permit.id,
    running: [id],
    timeline: ['action.allowed'],
  })

  it('leaves none behind, and is found by its action before and after it is searched for', async () => {
    const { store, record, permit } = await scene()
    const [one] = [record()]
    const leave = await permit(one)
    await store.commit({ facts: [finished(leave)] })
    expect(await rowsOf(leave)).toEqual([])
    const found = async (by: Store) => [
      (await by.actions.lives([one.id])).map((life) => [life.permit?.id, life.outcome?.kind]),
      (await by.actions.get(one.id))?.timeline.map(({ fact }) => fact.kind),
      (await by.actions.search({ id: one.id })).items.length,
    ]
    const over = [[[leave.id, 'done']], ['action.allowed', 'action.finished']]
    expect(await found(store)).toEqual([...over, 0])
    await followed(store)
    expect(await found(store)).toEqual([...over, 1])
    expect(await found(await openStore(0))).toEqual([...over, 1])
    expect((await store.check()).differences).toEqual([])
  })

  it('is found while it runs, at every instance and by one that starts', async () => {
    const { store, record, permit } = await scene()
    const other = await openStore()
    const one = record()
    const leave = await permit(one)
    await followed(store) // it is too young to be searched for
    expect(await rowsOf(leave)).toEqual([])
    // What is searched for has its row a second later, so that `running` is asked of those alone that have it.
    const running = { ...whileItRuns(one, leave), running: [] }
    expect(await foundBy(store, one, leave)).toEqual(running)
    expect(await foundBy(other, one, leave)).toEqual(running)
    expect(await foundBy(await openStore(0), one, leave)).toEqual(running)
    await other.commit({ facts: [finished(leave)] })
    expect((await store.permits.get(leave.id))?.outcome?.kind).toBe('done')
    await expect(store.commit({ facts: [finished(leave)] })).rejects.toMatchObject({ code: 'ERR_PERMIT_FINISHED' })
  })

  it('has one after a second, and its end is written there', async () => {
    const { store, record, permit } = await scene()
    const one = record()
    const leave = await permit(one)
    const place = await settled()
    clock.advance(999)
    await store.commit({ facts: [founded()] })
    expect([await rowsOf(leave), await settled()]).toEqual([[], place])
    clock.advance(1)
    const index = await store.commit({ facts: [founded()] })
    expect([await rowsOf(leave), await settled()]).toEqual([[{ outcome: null }], index + 1])
    await followed(store)
    expect(await foundBy(store, one, leave)).toEqual(whileItRuns(one, leave))
    await store.commit({ facts: [finished(leave)] })
    expect(await rowsOf(leave)).toEqual([{ outcome: 'done' }])
    expect((await store.check()).differences).toEqual([])
  })

  it('has one after a second though nobody writes', async () => {
    const { store, permit, record } = await scene()
    const leave = await permit(record())
    clock.advance(1_000)
    await expect.poll(() => rowsOf(leave), { timeout: 20_000 }).toEqual([{ outcome: null }])
    expect((await store.check()).differences).toEqual([])
  })

  it.each([
    [1_000, [{ outcome: 'done' }]],
    [700, [{ outcome: 'done' }]],
    [300, []],
  ])('21: ended elsewhere after %i ms, has no row that says that it still runs', async (ms, rows) => {
    const { store, record, permit } = await scene()
    const other = await openStore()
    const leave = await permit(record())
    clock.advance(ms)
    await other.commit({ facts: [founded()] }) // it may give it a row, of which the first does not hear
    await store.commit({ facts: [finished(leave)] })
    expect(await rowsOf(leave)).toEqual(rows)
    clock.advance(2_000)
    for (const each of [store, other]) await each.commit({ facts: [founded()] })
    expect(await rowsOf(leave)).toEqual(rows)
    expect((await other.check()).differences).toEqual([])
  })

  it('whose answer was not delivered, or whose end nobody saw, has one', async () => {
    const { store, record, permit } = await scene()
    const [hungUp, lost] = [await permit(record()), await permit(record())]
    await store.commit({ facts: [finished(hungUp, { delivered: false })] })
    await store.commit({ facts: [finished(lost, { outcome: sampleUnknown })] })
    expect([await rowsOf(hungUp), await rowsOf(lost)]).toEqual([[{ outcome: 'done' }], [{ outcome: 'unknown' }]])
    const other = await openStore(0)
    const { credential } = hungUp.attempt
    expect((await other.permits.undelivered(credential, hungUp.asked))?.permit.id).toBe(hungUp.id)
    await other.commit({ facts: [replayed(hungUp)] })
    expect(await store.permits.undelivered(credential, hungUp.asked)).toBeUndefined()
    await other.commit({ facts: [finished(lost)] })
    expect((await store.permits.get(lost.id))?.outcome?.kind).toBe('done')
    expect((await store.check()).differences).toEqual([])
  })

  it('that has ended stays so for one that starts: nobody tells a second outcome', async () => {
    const { store, record, permit } = await scene()
    const [plain, hungUp, tried, late] = [
      await permit(record()),
      await permit(record()),
      await permit(record({ attempt: { credential: unique('key'), id: unique('attempt') } })),
      await permit(record()),
    ]
    await store.commit({ facts: [finished(plain), finished(tried), finished(hungUp, { delivered: false })] })
    await store.commit({ facts: [finished(late, { outcome: sampleUnknown })] })
    await store.commit({ facts: [replayed(hungUp), finished(late)] })
    const other = await openStore()
    for (const one of [plain, hungUp, tried, late]) {
      await expect(other.commit({ facts: [finished(one)] })).rejects.toMatchObject({ code: 'ERR_PERMIT_FINISHED' })
    }
    expect((await other.actions.search({ outcome: 'running' })).items).toEqual([])
    expect((await other.check()).differences).toEqual([])
  })

  it('of an instance that is gone is ended after its deadline', async () => {
    const { store, record, permit } = await scene()
    const leave = await permit(record())
    await opened.splice(opened.indexOf(store), 1)[0]?.close()
    const next = await openStore()
    clock.advance(leave.deadline - clock.now() + 1)
    expect((await next.permits.overdue()).map(({ id }) => id)).toEqual([leave.id])
    await next.commit({ facts: [finished(leave, { outcome: sampleUnknown })] })
    expect(await next.permits.overdue()).toEqual([])
    expect(await rowsOf(leave)).toEqual([{ outcome: 'unknown' }])
  })

  it('can be ended when whom it is about was erased meanwhile, and its end is theirs (P12)', async () => {
    const { store, record, permit } = await scene()
    const other = await openStore()
    const person = unique('per')
    const leave = await permit(record({}, { onBehalfOf: person }))
    await store.journal.erase(person)
    expect(await rowsOf(leave)).toEqual([{ outcome: null }])
    const index = await other.commit({ facts: [finished(leave)] })
    expect((await other.journal.read(index, 1))[0]?.fact.kind).toBe('action.finished')
    await store.journal.erase(person)
    expect((await other.journal.read(index, 1))[0]?.fact).toEqual({ kind: 'erased', was: 'action.finished' })
  })

  it('ended at another instance belongs to whom it began for (P12)', async () => {
    const { record, permit } = await scene()
    const other = await openStore()
    const person = unique('per')
    const leave = await permit(record({}, { onBehalfOf: person }))
    const index = await other.commit({ facts: [finished(leave)] })
    await other.journal.erase(person)
    expect((await other.journal.read(index, 1))[0]?.fact).toEqual({ kind: 'erased', was: 'action.finished' })
  })

  it('keeps a denied action, which has no permit, to be found', async () => {
    const { store, record } = await scene()
    const one = record()
    await store.commit({ facts: [decided(one)] })
    expect((await (await openStore(0)).actions.lives([one.id])).map((life) => life.record.id)).toEqual([one.id])
  })
})
