import { describe, expect, it } from 'vitest'
import { search, type Search } from '../model/check.ts'

/** Two permits that spend one grant, and a stop; any answer may be lost, and any instance may die. */
const small = (given: Search['given']): Search => ({ given: { CMDS: 19, ...given }, looksFor: 'safety', slots: 20 })

describe('the model of the commit', () => {
  it.each([1, 2])('holds in every state with %d on their way', async (flights) => {
    const { states, broken } = await search(small({ FLIGHTS: flights }))
    expect(broken).toBeUndefined()
    expect(states).toBeGreaterThan(5_000)
  })

  it('is broken where who lost takes up the tree and not the facts', async () => {
    expect((await search(small({ FLIGHTS: 1, NOAPPLY: true }))).broken).toContain('hl==1')
  })

  it('is broken where nobody looks for entries of its own after a lost answer', async () => {
    expect((await search(small({ FLIGHTS: 1, NOIDS: true }))).broken).toContain('assertion violated')
  })
})
