import { expect, it } from 'vitest'
import { onCedarWorker, type CedarWorker } from './cedar-worker.ts'

const itself = (worker: CedarWorker) => Promise.resolve(worker)
const used = () => onCedarWorker(itself)

it('a worker serves whoever comes next, one at a time', async () => {
  const first = await used()
  expect(await used()).toBe(first)
  const [one, other] = await onCedarWorker(async (worker) => [worker, await used()])
  expect([one === first, other === first]).toEqual([true, false])
})

const deep = `1${' + 1'.repeat(20_000)} > 1`
it.each<[string, (worker: CedarWorker) => Promise<unknown>]>([
  ['Cedar broke', (worker) => worker.try('policyToJson', [[`permit(principal,action,resource)when{${deep}};`]])],
  ['the process ended', (worker) => worker.close()],
])('one on which %s serves nobody again', async (_, breakIt) => {
  const before = await onCedarWorker(async (worker) => {
    await breakIt(worker)
    return worker
  })
  expect(before.sound()).toBe(false)
  const next = await used()
  expect(next).not.toBe(before)
  expect(await next.try('policyToJson', [['permit(principal, action, resource);']])).toMatchObject([
    { answer: { type: 'success' } },
  ])
})
