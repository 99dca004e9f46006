/** What runs ends when its agent is stopped, and when its key is no longer good (P15). */
import { byPerson } from '@countersign/schema'
import { deferred, type Permit } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { agentId, agentOf } from './cast.ts'
import { type AttemptOptions, done, isPermit, scene, type Scene } from './scene.ts'

/** A run that goes on until it is taken back, or until `release`. */
async function underWay(made: Scene, how: AttemptOptions = {}) {
  const [begun, release] = [deferred<Permit>(), deferred<void>()]
  const ending = made.attempt({
    ...how,
    async run(permit) {
      permit.begin()
      begun.resolve(permit)
      await Promise.race([
        release.promise,
        new Promise<void>((aborted) => permit.revoked.addEventListener('abort', aborted, { once: true })),
      ])
      const summary = permit.revoked.aborted ? String(permit.revoked.reason) : 'it was seen to its end'
      return { ...done(), outcome: { kind: 'done', summary } }
    },
  })
  const { revoked } = await begun.promise
  return { ending, revoked, release: () => release.resolve() }
}

const outcomes = async (made: Scene) => (await made.lives()).map(({ outcome }) => outcome?.summary)
const keyOf = (id: string) => agentOf(id, 'enforce').keys[0] as ReturnType<typeof agentOf>['keys'][number]

describe('P15: a run ends', () => {
  it.each<[string, (made: Scene) => Promise<unknown>, string]>([
    [
      'when its agent is stopped',
      ({ stops }) => stops.stop(agentId, byPerson('per_ana'), 'x'),
      'the agent was stopped',
    ],
    [
      'when its agent is retired',
      ({ stops }) => stops.retire(agentId, byPerson('per_ana'), 'x'),
      'the agent was stopped',
    ],
    [
      'when its key is revoked',
      (made) => made.changeAgent({ keys: [{ ...keyOf(agentId), revokedAt: made.clock.now() }] }),
      'the agent’s key was revoked',
    ],
    ['when its key is gone', (made) => made.changeAgent({ keys: [] }), 'the agent’s key was revoked'],
  ])('%s, and its record says so', async (_, take, says) => {
    const made = scene({ says: 'allow' })
    const { ending } = await underWay(made)
    await take(made)
    await ending
    expect(await outcomes(made)).toEqual([says])
  })

  it('when its key expires', async () => {
    const made = scene({ says: 'allow' })
    await made.changeAgent({ keys: [{ ...keyOf(agentId), expiresAt: made.clock.now() + 20 }] })
    const { ending, revoked } = await underWay(made)
    expect(revoked.aborted).toBe(false)
    made.clock.advance(20)
    await ending
    expect(await outcomes(made)).toEqual(['its key has expired'])
  })

  it('at once, where it begins after its agent was stopped', async () => {
    const made = scene({ says: 'allow' })
    const commit = made.store.commit.bind(made.store)
    made.store.commit = async (change) => {
      const at = await commit(change)
      if (!change.facts.some(isPermit)) return at
      made.store.commit = commit
      await made.stops.stop(agentId, byPerson('per_ana'), 'x')
      await new Promise((told) => setTimeout(told, 20)) // and that is told here before the answer to the permit
      return at
    }
    const { revoked, ending, release } = await underWay(made)
    expect(revoked.reason).toBe('the agent was stopped')
    release()
    await ending
  })
})

describe('P15: a run goes on', () => {
  it.each<[string, (made: Scene) => Promise<unknown>]>([
    ['when another agent is stopped', ({ stops }) => stops.stop('other-bot', byPerson('per_ana'), 'x')],
    ['when its agent is changed', ({ giveAgentTo }) => giveAgentTo('per_cleo')],
    [
      'when another key is revoked',
      (made) =>
        made.changeAgent({
          keys: [keyOf(agentId), { ...keyOf('other-bot'), id: 'key_2', hash: '2'.repeat(64), revokedAt: 1 }],
        }),
    ],
  ])('%s', async (_, change) => {
    const made = scene({ says: 'allow' })
    const { ending, revoked, release } = await underWay(made)
    await change(made)
    await new Promise((told) => setTimeout(told, 20))
    expect(revoked.aborted).toBe(false)
    release()
    await ending
    expect(await outcomes(made)).toEqual(['it was seen to its end'])
  })
})
