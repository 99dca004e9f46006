import { tellStory } from '@countersign/demo'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestInstance, type TestInstance } from './instance.ts'

let instance: TestInstance

beforeAll(async () => {
  instance = await openTestInstance()
}, 60_000)
afterAll(() => instance.close())

it('the story of one night comes true, step by step, over the real gateways', { timeout: 60_000 }, async () => {
  const chapters: string[] = []
  const failed: string[] = []
  const told = await tellStory({
    demo: instance.demo,
    tell: {
      chapter: (title) => void chapters.push(title),
      step: (says, held, detail) => void (held || failed.push(`${says}: ${detail}`)),
      waiting: () => undefined,
    },
    async verify() {
      const { problems, size } = await instance.verify()
      return { ok: problems.length === 0 && size > 0, says: JSON.stringify(problems) }
    },
  })
  expect(failed).toEqual([])
  expect(told.failed).toBe(0)
  expect(told.steps).toBeGreaterThan(25)
  expect(chapters).toHaveLength(3)
  expect(instance.lines.filter(({ level }) => level === 'error')).toEqual([])
})
