import { describe, expect, it } from 'vitest'
import { createSharedLook } from './shared.ts'

function lookout() {
  const asked: { name: string; answer(text: string): void; fail(): void }[] = []
  const look = createSharedLook(
    (name: string) =>
      new Promise<string>((answer, reject) => asked.push({ name, answer, fail: () => reject(new Error('away')) })),
  )
  return { asked, look }
}

const turn = () => new Promise((done) => setImmediate(done))

describe('a shared look', () => {
  it('is one under way and one to come, however many ask; none hears what was so before they asked', async () => {
    const { asked, look } = lookout()
    const first = look('a')
    const later = [look('a'), look('a'), look('a')]
    expect(asked).toHaveLength(1)
    asked[0]?.answer('old')
    expect(await first).toBe('old')
    await turn()
    expect(asked).toHaveLength(2)
    const last = look('a')
    asked[1]?.answer('new')
    expect(await Promise.all(later)).toEqual(['new', 'new', 'new'])
    await turn()
    asked[2]?.answer('newer')
    expect(await last).toBe('newer')
    await turn()
    void look('a')
    expect(asked).toHaveLength(4)
  })

  it('of another name waits for nobody', () => {
    const { asked, look } = lookout()
    void look('a')
    void look('b')
    expect(asked.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('that fails is heard by those who asked for it; the next one looks again', async () => {
    const { asked, look } = lookout()
    const first = look('a')
    const next = look('a')
    asked[0]?.fail()
    await expect(first).rejects.toThrow('away')
    await turn()
    asked[1]?.answer('here')
    expect(await next).toBe('here')
  })
})
