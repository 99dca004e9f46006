import { describe, expect, it } from 'vitest'
import { inOrder } from './in-order.ts'

const turn = () => new Promise((done) => setImmediate(done))

function works() {
  const begun: string[] = []
  const ends = new Map<string, (error?: Error) => void>()
  const work = (id: string) => () =>
    new Promise<string>((resolve, reject) => {
      begun.push(id)
      ends.set(id, (error) => (error ? reject(error) : resolve(id)))
    })
  return { begun, work, end: (id: string, error?: Error) => ends.get(id)?.(error) }
}

describe('turns', () => {
  it.each([1, 2, 3])('of one name are %i at once, in the order they came', async (atOnce) => {
    const { begun, work, end } = works()
    const inTurn = inOrder(atOnce)
    const all = ['1', '2', '3', '4', '5'].map((id) => inTurn('a', work(id)))
    for (let done = 0; done < 5; done += 1) {
      await turn()
      expect(begun).toEqual(['1', '2', '3', '4', '5'].slice(0, done + atOnce))
      end(String(done + 1))
    }
    expect(await Promise.all(all)).toEqual(['1', '2', '3', '4', '5'])
  })

  it('are not waited for by other names, and one that fails keeps nobody waiting', async () => {
    const { begun, work, end } = works()
    const inTurn = inOrder()
    const failing = inTurn('a', work('a1'))
    const after = inTurn('a', work('a2'))
    void inTurn('b', work('b1'))
    await turn()
    expect(begun).toEqual(['a1', 'b1'])
    end('a1', new Error('no'))
    await expect(failing).rejects.toThrow('no')
    await turn()
    end('a2')
    expect(await after).toBe('a2')
  })

  it('come to whoever waited, before whoever comes as a place gets free', async () => {
    const { begun, work, end } = works()
    const inTurn = inOrder()
    const first = inTurn('a', work('1')).then(() => inTurn('a', work('3')))
    void inTurn('a', work('2'))
    await turn()
    end('1')
    await turn()
    expect(begun).toEqual(['1', '2'])
    end('2')
    await turn()
    end('3')
    expect(await first).toBe('3')
  })
})
