import { tellStory } from '@countersign/demo'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestHouse, type TestHouse } from './house.ts'

let house: TestHouse

beforeAll(async () => {
  house = await openTestHouse()
}, 60_000)
afterAll(() => house.close())

it('the story of one night comes true, step by step, over the real doors', { timeout: 60_000 }, async () => {
  const chapters: string[] = []
  const failed: string[] = []
  const told = await tellStory({
    demo: house.demo,
    tell: {
      chapter: (title) => void chapters.push(title),
      step: (says, held, detail) => void (held || failed.push(`${says}: ${detail}`)),
      waiting: () => undefined,
    },
    async verify() {
      const { problems, size } = await house.verify()
      return { ok: problems.length === 0 && size > 0, says: JSON.stringify(problems) }
    },
  })
  expect(failed).toEqual([])
  expect(told.failed).toBe(0)
  expect(told.steps).toBeGreaterThan(25)
  expect(chapters).toHaveLength(3)
  expect(house.lines.filter(({ level }) => level === 'error')).toEqual([])
})
