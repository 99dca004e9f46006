import type { FollowerContext } from '@countersign/core'
import { bySystem, type Entry, type Fact } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { lineage } from './lineage.ts'

describe('the lineage follower', () => {
  const finished = (outcome: object) => ({ kind: 'action.finished', actionId: 'act_1', outcome }) as Fact

  async function readBy(fact: Fact): Promise<string[]> {
    const read: string[] = []
    const actions = {
      async lives(ids: readonly string[]) {
        read.push(...ids)
        return []
      },
    }
    const context = { actions, lineage: { add: async () => undefined } } as unknown as FollowerContext
    const { follow } = await lineage.start({}, context)
    await follow({ index: 0, at: 0, fact } as Entry)
    return read
  }

  it.each<[string, Fact, number]>([
    ['a run that was done', finished({ kind: 'done', summary: 's' }), 1],
    ['a run that failed', finished({ kind: 'failed', summary: 's' }), 0],
    ['a run that nobody knows of', finished({ kind: 'unknown', summary: 's' }), 0],
    ['anything else', { kind: 'deployment.founded', by: bySystem, demo: false }, 0],
  ])('looks at %s', async (_, fact, times) => {
    expect(await readBy(fact)).toHaveLength(times)
  })
})
