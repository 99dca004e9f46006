/** A client that runs what it is permitted itself, through the whole of Countersign. */
import type { HandedPermit } from '@countersign/core'
import { expect, it } from 'vitest'
import { standingSystem, type StandingSystem } from './standing-system.ts'

const free = { verb: 'file.read', command: 'cat notes' } as const

async function permitFor({ ask }: StandingSystem, id = 'call 0'): Promise<HandedPermit> {
  const told = await ask({ ...free, id })
  if (!('permit' in told)) throw new Error(JSON.stringify(told))
  return told.permit
}
const done = { kind: 'done', summary: 'read 3 notes' }
const outcomes = async ({ store }: StandingSystem) =>
  (await store.actions.search({})).items.map(({ outcome }) => outcome)

it('is handed a permit, and reports what came of it; the ledger tells who saw it', async () => {
  const made = await standingSystem()
  const permit = await permitFor(made)
  expect(permit).toMatchObject({ action: { mode: 'cooperating' }, obligations: [] })
  expect(await made.hook(`/hook/${permit.id}`, done)).toEqual({ recorded: true })
  expect(await outcomes(made)).toEqual([{ ...done, seenBy: 'client' }])

  const leaves = (await made.store.ledger.leaves(0, 100)).map((leaf) => JSON.parse(new TextDecoder().decode(leaf)))
  expect(leaves.find(({ type }) => type === 'action.allowed')).toMatchObject({
    permit: { id: permit.id, handed: true },
  })
  expect(leaves.find(({ type }) => type === 'action.finished')).toMatchObject({
    outcome: { kind: 'done', seenBy: 'client' },
  })
})

it('is handed the same permit again by the same call, until it has reported', async () => {
  const made = await standingSystem()
  const permit = await permitFor(made)
  expect(await made.ask({ ...free, id: 'call 0' })).toEqual({ permit, again: true })
  await made.hook(`/hook/${permit.id}`, done)
  expect(await made.ask({ ...free, id: 'call 0' })).toMatchObject({ refused: { kind: 'done', summary: done.summary } })
})

it('nobody else reports for it, and it says it once', async () => {
  const made = await standingSystem()
  const { id } = await permitFor(made)
  const report = async (as?: string) => (await made.hook<object>(`/hook/${id}`, done, as)).code
  expect(await report(made.others)).toBe('ERR_PERMIT_UNKNOWN')
  expect(await outcomes(made)).toEqual([undefined])
  expect([await report(), await report()]).toEqual([undefined, 'ERR_PERMIT_FINISHED'])
})

it('that says nothing is recorded as unreported, without an alarm; it may still say', async () => {
  const made = await standingSystem()
  const { id } = await permitFor(made)
  made.clock.advance(16 * 60_000)
  await expect.poll(() => outcomes(made)).toMatchObject([{ kind: 'unreported' }])
  expect(made.lines.filter(({ level }) => level === 'error')).toEqual([])
  await made.hook(`/hook/${id}`, done)
  expect(await outcomes(made)).toMatchObject([{ kind: 'done', seenBy: 'client' }])
})

it('is not let do what it cannot enforce, and nobody is asked', async () => {
  const made = await standingSystem()
  const told = await made.ask({ verb: 'data.read', command: 'select' })
  expect(told).toMatchObject({
    refused: { kind: 'denied', reason: 'obligation_not_kept', because: [{ id: 'masked' }] },
  })
})

it('is let do it, and told of the duty, where it says that it enforces that', async () => {
  const made = await standingSystem({ enforces: ({ kind }) => kind === 'mask' })
  const told = await made.ask({ verb: 'data.read', command: 'select' })
  expect(told).toMatchObject({ permit: { obligations: [{ kind: 'mask', fields: ['customers.email'] }] } })
})

it('says what it does within what; nobody hangs that on another one’s run', async () => {
  const made = await standingSystem()
  const { id } = await permitFor(made)
  expect(await made.ask({ ...free, command: 'cat more', within: id })).toHaveProperty('permit')
  const within = { ...free, id: 'theirs', command: 'cat more', within: id }
  expect(await made.hook('/hook', within, made.others)).toMatchObject({ code: 'ERR_PARENT_UNKNOWN' })
})

it('an outcome that the record cannot hold is refused, and nothing is lost', async () => {
  const made = await standingSystem()
  const { id } = await permitFor(made)
  const endless = { kind: 'done', summary: 'x'.repeat(3_000) }
  expect(await made.hook<object>(`/hook/${id}`, endless)).toHaveProperty('code')
  expect(await outcomes(made)).toEqual([undefined])
  expect(await made.hook(`/hook/${id}`, done)).toEqual({ recorded: true })
})
