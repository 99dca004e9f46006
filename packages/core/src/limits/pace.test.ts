import { describe, expect, it } from 'vitest'
import { createPace } from './pace.ts'

const turn = () => new Promise((done) => setImmediate(done))

describe('B6: a pace', () => {
  it('lets so many of one name go on in a turn of the event loop, in the order they came; others do not wait for them', async () => {
    const pace = createPace(2)
    const gone: string[] = []
    const go = async (name: string, each: string) => {
      await pace(name)
      gone.push(each)
    }
    const all = ['a1', 'a2', 'a3', 'a4', 'a5'].map((each) => go('a', each))
    all.push(go('b', 'b1'))
    await Promise.resolve()
    await Promise.resolve()
    expect(gone).toEqual(['a1', 'a2', 'b1'])
    await turn()
    expect(gone.slice(3)).toEqual(['a3', 'a4'])
    all.push(go('a', 'a6'), go('a', 'a7'))
    await turn()
    expect(gone.slice(5)).toEqual(['a5', 'a6'])
    await Promise.all(all)
    expect(gone.slice(7)).toEqual(['a7'])
  })

  it('keeps nothing in mind of whoever has gone', async () => {
    const pace = createPace(1)
    await Promise.all([pace('a'), pace('a')])
    await turn()
    await turn()
    const gone: string[] = []
    void pace('a').then(() => gone.push('a'))
    await Promise.resolve()
    await Promise.resolve()
    expect(gone).toEqual(['a'])
  })
})
