import { beforeAll, describe, expect, it } from 'vitest'
import { type Cedar, openCedar } from './cedar.ts'
import type { Candidate } from './compile.ts'
import { answer, candidateOf, type Changes, loading, questionOf, sampleRegistry, sampleSource } from './fixture.ts'
import { createPolicySet, loadPolicySet } from './set.ts'

let samples: Candidate
beforeAll(async () => {
  samples = await candidateOf(await sampleSource.files())
})

/** Counts what Cedar is asked, and can be told to break. */
function watched(breaks: { now: boolean } = { now: false }) {
  const opened: { slots: string[]; asked: number }[] = []
  const open = (): Cedar => {
    const cedar = openCedar()
    const seen: (typeof opened)[number] = { slots: [], asked: 0 }
    opened.push(seen)
    return {
      ...cedar,
      preparsePolicySet(slot, policies) {
        seen.slots.push(slot)
        return cedar.preparsePolicySet(slot, policies)
      },
      statefulIsAuthorized(call) {
        seen.asked += 1
        if (!breaks.now) return cedar.statefulIsAuthorized(call)
        const error = new Error('memory access out of bounds')
        error.name = 'RuntimeError'
        throw error
      },
    }
  }
  return { opened, open }
}

describe('memory', () => {
  it('keeps an answer for less than five seconds, and for the very same question only', async () => {
    let now = 0
    const { opened, open } = watched()
    const remembering = await loadPolicySet(samples, { registry: sampleRegistry, clock: { now: () => now }, open })
    const asked = (changes: Changes = {}) => {
      remembering.evaluate('auto', questionOf(changes))
      return opened[0]?.asked
    }
    expect([asked(), asked()]).toEqual([1, 1])
    expect(asked({ context: { measures: { rows: 11 } } })).toBe(2)
    expect(asked({ agent: { owner: 'someone-else' } })).toBe(3)
    now = 4999
    expect(asked()).toBe(3)
    now = 5000
    expect(asked()).toBe(4)
    now = 0 // a clock that goes back makes nothing last longer
    expect(asked()).toBe(5)
  })
})

describe('a set that is not loaded yet (P8)', () => {
  it('answers everything with an error, and opens no Cedar to be looked at', async () => {
    const { opened, open } = watched()
    const set = createPolicySet(samples, { ...loading, open })
    expect(answer(set)).toBe('evaluation_error')
    expect(set.policies.length).toBeGreaterThan(0)
    expect(opened).toEqual([])
    await set.load()
    expect(answer(set)).toBe('allow')
  })
})

describe('a Cedar that breaks (H2)', () => {
  it('is replaced, and every answer until then is an error', async () => {
    const breaks = { now: false }
    const { opened, open } = watched(breaks)
    const breaking = await loadPolicySet(samples, { ...loading, open })
    breaks.now = true
    expect(answer(breaking)).toBe('evaluation_error')
    breaks.now = false
    expect(answer(breaking), 'the broken one is never asked again').toBe('evaluation_error')
    expect(opened[0]?.asked).toBe(1)

    while (answer(breaking) === 'evaluation_error') await new Promise(setImmediate)
    expect(answer(breaking)).toBe('allow')
    expect(opened).toHaveLength(2)
    expect(opened[1]?.slots, 'the same slots, and each filled once').toEqual(opened[0]?.slots)
    expect(new Set(opened[0]?.slots).size).toBe(opened[0]?.slots.length)
  })
})
