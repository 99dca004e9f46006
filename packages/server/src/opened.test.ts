import { describe, expect, it } from 'vitest'
import { openAll } from './opened.ts'

describe('what is opened', () => {
  const part = (name: string, told: string[], fails = false) => ({
    name,
    async close() {
      told.push(name)
      if (fails) throw new Error(name)
    },
  })

  it('is closed in the reverse order, once', async () => {
    const told: string[] = []
    const opened = openAll()
    expect((await opened.add(part('a', told))).name).toBe('a')
    await opened.add(Promise.resolve(part('b', told)))
    await opened.add(part('c', told))
    await opened.close()
    await opened.close()
    expect(told).toEqual(['c', 'b', 'a'])
  })

  it('one that was still opening is closed as well, and one that fails meanwhile is nobody’s surprise', async () => {
    const told: string[] = []
    const opened = openAll()
    let stand: (late: ReturnType<typeof part>) => void = () => undefined
    void opened.add(new Promise<ReturnType<typeof part>>((resolve) => (stand = resolve)))
    opened.add(Promise.reject(new Error('no'))).catch(() => undefined)
    const closed = opened.close()
    stand(part('late', told))
    await closed
    expect(told).toEqual(['late'])
  })

  it('one that fails to close keeps no other open', async () => {
    const told: string[] = []
    const opened = openAll()
    await opened.add(part('a', told))
    await opened.add(part('b', told, true))
    await opened.add(part('c', told, true))
    const failed = (await opened.close().catch((error: unknown) => error)) as AggregateError
    expect(told).toEqual(['c', 'b', 'a'])
    expect(failed.errors.map(String)).toEqual(['Error: c', 'Error: b'])
  })

  it('one that does not start is not closed', async () => {
    const told: string[] = []
    const opened = openAll()
    await opened.add(part('a', told))
    await expect(opened.add(Promise.reject(new Error('no')))).rejects.toThrow('no')
    await opened.close()
    expect(told).toEqual(['a'])
  })
})
