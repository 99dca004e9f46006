import { deferred } from '@countersign/core'
import { expect, it } from 'vitest'
import { jointly } from './jointly.ts'

function lookout() {
  const looks: { keys: readonly string[]; answer: (failure?: Error) => void }[] = []
  const ask = jointly<string>(async (keys) => {
    const { promise, resolve } = deferred<Error | undefined>()
    looks.push({ keys, answer: resolve })
    const failure = await promise
    if (failure) throw failure
    return new Map(keys.filter((key) => key !== 'unknown').map((key) => [key, `${key}!`]))
  })
  return { looks, ask }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

it('asks once for all who come while a look is on its way, and begins that look after they came', async () => {
  const { looks, ask } = lookout()
  const first = ask('a')
  await turn()
  const others = [ask('b'), ask('a'), ask('unknown')]
  await turn()
  expect(looks.map(({ keys }) => keys)).toEqual([['a']])
  looks[0]?.answer()
  expect(await first).toBe('a!')
  await turn()
  expect(looks.map(({ keys }) => keys)).toEqual([['a'], ['b', 'a', 'unknown']])
  looks[1]?.answer()
  expect(await Promise.all(others)).toEqual(['b!', 'a!', undefined])
})

it('fails those who shared the look, and nobody after them', async () => {
  const { looks, ask } = lookout()
  const both = [ask('a'), ask('b')].map((each) => each.catch((error: Error) => error.message))
  await turn()
  looks[0]?.answer(new Error('away'))
  expect(await Promise.all(both)).toEqual(['away', 'away'])
  const later = ask('a')
  await turn()
  looks[1]?.answer()
  expect(await later).toBe('a!')
})
