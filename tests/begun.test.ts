/** What has begun is found, in every state between the permit and the end of it (P10). */
import { setTimeout as pause } from 'node:timers/promises'
import { closeOverdue, deferred } from '@countersign/core'
import type { Fact, KeptResult } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { minute } from './cast.ts'
import { type AttemptOptions, done, isPermit, scene, type Scene, type SceneOptions } from './scene.ts'

const kept: KeptResult = { contentType: 'text/plain', body: Buffer.from('48,211 rows').toString('base64') }

interface GivenUp {
  readonly made: Scene
  /** Sends it again, as a client that waits a minute. */
  again(how?: AttemptOptions): ReturnType<Scene['attempt']>
  end(): Promise<void>
}

/** A run goes on whose client is gone. */
async function givenUp(how: SceneOptions, first: AttemptOptions = {}): Promise<GivenUp> {
  const made = scene(how)
  if (how.says === 'ask') {
    await made.attempt()
    await made.answer('per_ben')
  }
  const [begun, ends, gone] = [deferred<void>(), deferred<void>(), new AbortController()]
  const running = made.attempt({
    ...first,
    signal: gone.signal,
    async run() {
      begun.resolve()
      await ends.promise
      return { ...done(), delivered: false, result: kept }
    },
  })
  await begun.promise
  gone.abort()
  return {
    made,
    again: (over = {}) => made.attempt({ patienceMs: minute, ...over }),
    async end() {
      ends.resolve()
      await running
    },
  }
}

const kinds: readonly [string, SceneOptions][] = [
  ['countersigned', { says: 'ask' }],
  ['allowed', { says: 'allow' }],
]
const ids: readonly [string, string | null, string | null][] = [
  ['under the same attempt id', 'one', 'one'],
  ['under another attempt id', 'one', 'two'],
  ['without an attempt id', null, null],
  ['first with, then without an attempt id', 'one', null],
]

describe.each(kinds.filter(([, { mode }]) => !mode))('C1: a client gives up during a run that was %s', (_, how) => {
  it.each(ids)('and sends the same again %s: it waits for the outcome, and gets it', async (_id, first, second) => {
    const { made, again, end } = await givenUp(how, { id: first })
    const waits = again({ id: second })
    await pause(20)
    await end()
    expect(await waits).toMatchObject({ ending: 'replayed', result: kept })
    expect(made.ran()).toBe(1)
    expect(await made.questions()).toHaveLength(how.says === 'ask' ? 1 : 0)
  })

  it('and cannot wait so long: it is told that it is running, as often as it comes, and then gets the outcome', async () => {
    const { made, again, end } = await givenUp(how)
    for (const _again of [1, 2]) {
      expect(await again({ patienceMs: 1 })).toMatchObject({
        ending: 'done',
        refusal: { at: undefined, open: 'running', summary: 'It is still running.' },
      })
    }
    await end()
    expect(await again()).toMatchObject({ ending: 'replayed', result: kept })
    expect(made.ran()).toBe(1)
  })

  it('five times at once: one run, one answer for each that waits', async () => {
    const { made, again, end } = await givenUp(how)
    const waiting = Array.from({ length: 5 }, () => again({ id: null }))
    await pause(20)
    await end()
    const endings = (await Promise.all(waiting)).map(({ ending }) => ending)
    expect(new Set(endings)).toEqual(new Set(['replayed']))
    expect(made.ran()).toBe(1)
  })

  it('once it is delivered, the same is an action of its own', async () => {
    const { made, again, end } = await givenUp(how)
    await end()
    expect(await again()).toMatchObject({ ending: 'replayed' })
    expect(await again({ patienceMs: 1 })).toMatchObject({ ending: how.says === 'ask' ? 'waiting' : 'ran' })
    expect(await made.questions()).toHaveLength(how.says === 'ask' ? 2 : 0)
  })

  it('and gives up again while it waits: the outcome is kept for the third', async () => {
    const { made, again, end } = await givenUp(how)
    const gone = new AbortController()
    const second = again({ signal: gone.signal })
    await pause(20)
    gone.abort()
    expect(await second).toMatchObject({ ending: 'done' })
    await end()
    expect(await again()).toMatchObject({ ending: 'replayed' })
    expect(made.ran()).toBe(1)
  })
})

describe('C1: what runs at the same time, each with its client', () => {
  it.each<[string, AttemptOptions[]]>([
    ['with ids of their own', [{ id: 'one' }, { id: 'two' }, { id: 'three' }]],
    ['without ids', [{ id: null }, { id: null }]],
    [
      'and only reads',
      [
        { id: null, effect: 'read' },
        { id: null, effect: 'read' },
      ],
    ],
  ])('runs each, where policy allows it: %s', async (_, attempts) => {
    const { attempt, ran } = scene({ says: 'allow' })
    const ends = deferred<void>()
    const run = async () => {
      await ends.promise
      return done()
    }
    const running = attempts.map((how) => attempt({ ...how, run }))
    await expect.poll(ran).toBe(attempts.length)
    ends.resolve()
    await Promise.all(running)
  })

  it('a countersigned one: the next waits for its end, and is then asked about', async () => {
    const { attempt, answer, ran, questions } = scene({ says: 'ask' })
    await attempt()
    await answer('per_ben')
    const ends = deferred<void>()
    const running = attempt({
      run: async () => {
        await ends.promise
        return done()
      },
    })
    await expect.poll(ran).toBe(1)
    const next = attempt({ patienceMs: minute })
    await pause(20)
    expect(await questions()).toHaveLength(1)
    ends.resolve()
    await running
    await answer.next()
    await answer('per_ben')
    expect(await next).toMatchObject({ ending: 'ran' })
    expect(ran()).toBe(2)
  })

  it('a read is no one’s business: whoever gave up on it just reads again', async () => {
    const { made, again, end } = await givenUp({ says: 'allow' }, { effect: 'read', id: null })
    expect(await again({ effect: 'read', id: null })).toMatchObject({ ending: 'ran' })
    await end()
    expect(made.ran()).toBe(2)
  })

  it('another agent has a run of its own', async () => {
    const { made, again, end } = await givenUp({ says: 'allow' })
    expect(await again({ as: 'other-bot' })).toMatchObject({ ending: 'ran' })
    await end()
    expect(made.ran()).toBe(2)
  })

  it('an attempt id that runs for another action is refused at once', async () => {
    const { again, end } = await givenUp({ says: 'allow' }, { id: 'one' })
    await expect(again({ id: 'one', parameters: { rows: 1 } })).rejects.toMatchObject({ code: 'ERR_ATTEMPT_KNOWN' })
    await end()
  })
})

describe('C1: nobody will say how it ended', () => {
  /** As an instance leaves it that dies between the permit and its end. */
  async function left(says: 'ask' | 'allow', id: string | null) {
    const made = scene({ says })
    if (says === 'ask') {
      await made.attempt()
      await made.answer('per_ben')
    }
    const commit = made.store.commit.bind(made.store)
    made.store.commit = async (change) => {
      const at = await commit({
        ...change,
        facts: change.facts.map((fact): Fact => {
          if (fact.kind === 'action.allowed') return { ...fact, permit: { ...fact.permit, node: 'nod_gone' } }
          return fact.kind === 'action.permitted' ? { ...fact, permit: { ...fact.permit, node: 'nod_gone' } } : fact
        }),
      })
      if (!change.facts.some(isPermit)) return at
      made.store.commit = commit
      throw new Error('killed')
    }
    await expect(made.attempt({ id })).rejects.toThrow('killed')
    return made
  }

  it.each<['ask' | 'allow', string | null, string | null]>([
    ['ask', null, null],
    ['allow', null, null],
    ['allow', 'one', 'two'],
    ['allow', 'one', null],
  ])(
    'it may have run already, until its deadline and once after; then it is an action of its own: %s, %s, %s',
    async (says, first, id) => {
      const made = await left(says, first)
      const told = {
        ending: 'done',
        refusal: { open: 'unknown', summary: expect.stringContaining('may have run already') },
      }
      expect(await made.attempt({ id })).toMatchObject(told)
      made.clock.advance(16 * minute)
      await closeOverdue(made.store, made.log)
      expect(await made.attempt({ id })).toMatchObject(told)
      expect(made.ran()).toBe(0)
      expect(await made.questions()).toHaveLength(says === 'ask' ? 1 : 0)
      expect(await made.attempt({ id })).toMatchObject({ ending: says === 'ask' ? 'waiting' : 'ran' })
    },
  )
})
