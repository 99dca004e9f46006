import { describe, expect, it } from 'vitest'
import { createBookmark } from './bookmark.ts'

describe('a bookmark', () => {
  it('writes the first place down at once, and of a crowd behind it only the newest', async () => {
    const written: number[] = []
    const bookmark = createBookmark(async (index) => void written.push(index))
    for (let index = 1; index <= 50; index += 1) bookmark.reached(index)
    expect(written).toEqual([1])
    await bookmark.close()
    expect(written).toEqual([1, 50])
  })

  it('has written everything down when it is closed, also while a write is under way', async () => {
    const written: number[] = []
    let finish = () => {}
    const bookmark = createBookmark(async (index) => {
      await new Promise<void>((resolve) => (finish = resolve))
      written.push(index)
    })
    bookmark.reached(1)
    bookmark.reached(2)
    const closed = bookmark.close()
    finish()
    await expect.poll(() => written).toEqual([1])
    finish()
    await closed
    expect(written).toEqual([1, 2])
  })

  it('goes back to writing after it had nothing to write', async () => {
    const written: number[] = []
    const bookmark = createBookmark(async (index) => void written.push(index))
    bookmark.reached(1)
    await expect.poll(() => written).toEqual([1])
    bookmark.reached(2)
    await expect.poll(() => written).toEqual([1, 2])
    await bookmark.close()
  })

  it('says at the next place, and when it is closed, that it could not be written', async () => {
    const bookmark = createBookmark(async () => {
      throw new Error('no store')
    })
    bookmark.reached(1)
    await Promise.resolve()
    await Promise.resolve()
    expect(() => bookmark.reached(2)).toThrow('no store')
    await expect(bookmark.close()).rejects.toThrow('no store')
  })
})
