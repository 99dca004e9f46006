/** The client runs it: it is handed a permit, and says afterwards what came of it. */
import { byPerson } from '@countersign/schema'
import { closeOverdue } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { agentId, minute } from './cast.ts'
import { scene } from './scene.ts'

const cooperating = true as const

/** The permit that a new attempt is handed. */
async function handedTo(attempt: ReturnType<typeof scene>['attempt'], id = 'tool call 1') {
  const { handed } = await attempt({ cooperating, id })
  if (!handed) throw new Error('no permit was handed out')
  return handed
}

describe('a permit that is handed out', () => {
  it('names what may run, until when, and under which duties; it is recorded before the client has it', async () => {
    const { attempt, store, clock, oblige, lives } = scene({ says: 'allow' })
    oblige({ kind: 'limit', rows: 10 })
    const recorded: unknown[] = []
    const grant = async () => void recorded.push(...(await lives()).map(({ permit }) => permit))
    const { ending, handed } = await attempt({ cooperating, enforces: () => true, grant })
    expect([ending, handed]).toMatchObject([
      'granted',
      {
        action: { mode: 'cooperating', parameters: { rows: 48_211 } },
        obligations: [{ kind: 'limit', rows: 10 }],
        measures: { rows: 10 },
        until: clock.now() + 30_000,
        reportBy: clock.now() + 15 * minute,
      },
    ])
    const permit = (await store.permits.get(handed?.id ?? ''))?.permit
    expect(recorded).toEqual([permit])
    expect(permit).toMatchObject({ handed: true, asked: handed?.runs, runs: handed?.runs, replayable: false })
  })

  it('is asked for as anything else is, and a grant is spent on it once', async () => {
    const { attempt, answer, story } = scene({ says: 'ask' })
    const held = attempt({ cooperating, patienceMs: 60_000 })
    await answer('per_ben')
    expect(await held).toMatchObject({ ending: 'granted' })
    expect(await attempt({ cooperating })).toMatchObject({ ending: 'waiting' })
    expect(await story()).toEqual([
      'action.decided',
      'approval.asked',
      'approval.granted',
      'approval.spent',
      'action.permitted',
      'action.decided',
      'approval.asked',
    ])
  })

  it('what is approved for a client to run is not approved for Countersign to run, nor the other way round', async () => {
    const { attempt, answer, questions } = scene({ says: 'ask' })
    await attempt({ cooperating })
    await answer('per_ben')
    expect(await attempt()).toMatchObject({ ending: 'waiting' })
    expect(await questions()).toHaveLength(2)
  })

  it('P10: the same attempt again is handed the same permit, until it has been reported', async () => {
    const { attempt, report, story } = scene({ says: 'allow' })
    const handed = await handedTo(attempt)
    expect(await attempt({ cooperating, id: 'tool call 1' })).toEqual({ ending: 'granted again', handed })
    expect(await report(handed.id)).toBe('recorded')
    expect(await attempt({ cooperating, id: 'tool call 1' })).toMatchObject({
      ending: 'done',
      refusal: { kind: 'done', actionId: handed.actionId, summary: 'made it' },
    })
    expect((await story()).filter((kind) => kind === 'action.allowed')).toHaveLength(1)
  })

  it('one that did not arrive is handed out again: nothing is lost but time', async () => {
    const { attempt } = scene({ says: 'allow' })
    const lost = attempt({ cooperating, id: 'a', grant: () => Promise.reject(new Error('the client is gone')) })
    await expect(lost).rejects.toThrow('the client is gone')
    expect(await attempt({ cooperating, id: 'a' })).toMatchObject({ ending: 'granted again' })
  })

  it('another attempt of the same is another action: it waits for nobody, and gets nobody else’s permit', async () => {
    const { attempt } = scene({ says: 'allow' })
    const [first, second] = [await handedTo(attempt, 'a'), await handedTo(attempt, 'b')]
    expect(second.id).not.toBe(first.id)
  })
})

describe('a duty', () => {
  it.each([
    ['that nobody enforces is denied before anybody is asked', 'ask', undefined, 'denied obligation_not_kept'],
    ['that the client is said to enforce is handed to it', 'allow', (): boolean => true, 'granted'],
    ['of another kind than is enforced is denied', 'allow', (): boolean => false, 'denied obligation_not_kept'],
  ] as const)('%s', async (_, says, enforces, ending) => {
    const { attempt, oblige, questions } = scene({ says })
    oblige({ kind: 'mask', fields: ['customers.email'] })
    expect(await attempt({ cooperating, ...(enforces && { enforces }) })).toMatchObject({ ending })
    expect(await questions()).toEqual([])
  })
})

describe('a report', () => {
  it('is recorded as what the client says, and told apart from what Countersign saw', async () => {
    const { attempt, report, lives } = scene({ says: 'allow' })
    const { id } = await handedTo(attempt)
    await report(id, { kind: 'done', summary: 'deleted 3 files', rows: 3 })
    await attempt()
    expect((await lives()).map(({ outcome }) => outcome)).toEqual([
      { kind: 'done', summary: 'ok', seenBy: 'system' },
      { kind: 'done', summary: 'deleted 3 files', rows: 3, seenBy: 'client' },
    ])
  })

  it('cannot say that Countersign saw it', async () => {
    const { attempt, report, lives } = scene({ says: 'allow' })
    const { id } = await handedTo(attempt)
    await report(id, { seenBy: 'system' } as object)
    expect((await lives())[0]?.outcome).toMatchObject({ seenBy: 'client' })
  })

  it('is heard once', async () => {
    const { attempt, report, lives } = scene({ says: 'allow' })
    const { id } = await handedTo(attempt)
    expect(await Promise.all([report(id), report(id), report(id)])).toEqual(
      expect.arrayContaining(['recorded', 'ERR_PERMIT_FINISHED', 'ERR_PERMIT_FINISHED']),
    )
    expect(await report(id, { kind: 'failed', summary: 'on second thought' })).toBe('ERR_PERMIT_FINISHED')
    expect((await lives())[0]?.outcome).toMatchObject({ kind: 'done' })
  })

  it('by another agent is refused as if there were no such permit, and changes nothing', async () => {
    const { attempt, report, lives } = scene({ says: 'allow' })
    const { id } = await handedTo(attempt)
    expect(await report(id, {}, 'other-bot')).toBe('ERR_PERMIT_UNKNOWN')
    expect(await report('prm_unheard-of')).toBe('ERR_PERMIT_UNKNOWN')
    expect((await lives())[0]?.outcome).toBeUndefined()
    expect(await report(id)).toBe('recorded')
  })

  it('of what Countersign itself runs is refused: nobody talks over what was seen', async () => {
    const { attempt, report, lives } = scene({ says: 'allow' })
    let told = ''
    await attempt({
      async run(permit) {
        told = await report(permit.id, { summary: 'all is well' })
        return { outcome: { kind: 'failed', summary: 'refused' }, delivered: true, result: undefined }
      },
    })
    expect(told).toBe('ERR_PERMIT_UNKNOWN')
    expect((await lives())[0]?.outcome).toMatchObject({ kind: 'failed', seenBy: 'system' })
  })
})

describe('a report that does not come', () => {
  it('is recorded as unreported after its deadline, and nothing is alarmed; it may still come, once', async () => {
    const { attempt, report, lives, clock, store } = scene({ says: 'allow' })
    const levels: string[] = []
    const log = ({ level }: { level: string }) => void levels.push(level)
    const { id } = await handedTo(attempt)
    await closeOverdue(store, log)
    expect((await lives())[0]?.outcome).toBeUndefined()
    clock.advance(16 * minute)
    await closeOverdue(store, log)
    expect((await lives())[0]?.outcome).toMatchObject({ kind: 'unreported' })
    expect(levels).toEqual(['info'])
    expect((await store.actions.search({ outcome: 'unreported' })).items).toHaveLength(1)
    expect((await store.actions.search({ outcome: 'unknown' })).items).toHaveLength(0)

    expect(await report(id)).toBe('recorded')
    expect((await lives())[0]?.outcome).toMatchObject({ kind: 'done', seenBy: 'client' })
    expect(await report(id)).toBe('ERR_PERMIT_FINISHED')
  })

  it('the same attempt is then told that nobody knows, and is not handed out again', async () => {
    const { attempt, clock, store } = scene({ says: 'allow' })
    await handedTo(attempt)
    clock.advance(16 * minute)
    await closeOverdue(store, () => undefined)
    expect(await attempt({ cooperating, id: 'tool call 1' })).toMatchObject({
      refusal: { kind: 'done', open: 'unknown' },
    })
  })
})

it('P15: a stopped agent is handed nothing, not even what it was handed before', async () => {
  const { attempt, stops } = scene({ says: 'allow' })
  await handedTo(attempt)
  await stops.stop(agentId, byPerson('per_eve'), 'it went mad')
  expect(await attempt({ cooperating, id: 'tool call 1' })).toMatchObject({ ending: 'denied agent_stopped' })
})
