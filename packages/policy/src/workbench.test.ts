import { expect, it } from 'vitest'
import { onWorkbench, type Workbench } from './workbench.ts'

const itself = (bench: Workbench) => Promise.resolve(bench)
const used = () => onWorkbench(itself)

it('a bench serves whoever comes next, one at a time', async () => {
  const first = await used()
  expect(await used()).toBe(first)
  const [one, other] = await onWorkbench(async (bench) => [bench, await used()])
  expect([one === first, other === first]).toEqual([true, false])
})

const deep = `1${' + 1'.repeat(20_000)} > 1`
it.each<[string, (bench: Workbench) => Promise<unknown>]>([
  ['Cedar broke', (bench) => bench.try('policyToJson', [[`permit(principal,action,resource)when{${deep}};`]])],
  ['the process ended', (bench) => bench.close()],
])('one on which %s serves nobody again', async (_, breakIt) => {
  const before = await onWorkbench(async (bench) => {
    await breakIt(bench)
    return bench
  })
  expect(before.sound()).toBe(false)
  const next = await used()
  expect(next).not.toBe(before)
  expect(await next.try('policyToJson', [['permit(principal, action, resource);']])).toMatchObject([
    { answer: { type: 'success' } },
  ])
})
