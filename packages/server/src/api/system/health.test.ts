import { describe, expect, it } from 'vitest'
import { createRig } from '../rig/rig.ts'

describe('whether an instance can do its work', () => {
  it.each([
    ['with the right to run', 1, 200, 'ok'],
    ['while the store has given it none, though the store answers (P8)', undefined, 503, 'unavailable'],
  ])('%s', async (_, epoch, status, says) => {
    const rig = await createRig({
      running: { node: { id: 'nod_here', epoch: () => epoch }, followers: () => [], addresses: [], concerns: () => [] },
    })
    const answer = await rig.get('/readyz')
    expect([answer.status, await answer.json()]).toEqual([status, { status: says, version: '0.0.0' }])
    await rig.close()
  })
})
