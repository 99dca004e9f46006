/**
 * Any sequence of questions, signatures, escalations, stops and moments, over two instances, goes as in a model that
 * fits on a page; and whatever two of them do at the same moment, the record keeps its promises.
 *
 *   open ─▶ granted ─▶ spent
 *   open | granted ─▶ expired | cancelled | voided
 *   open ─▶ rejected
 *
 * @module
 */
import type { Approval } from '@countersign/schema'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { attempted, escalatedBy, settled, signed, takeBack, type World } from './approval-model.ts'
import { keepsItsPromises } from './approval-record.ts'
import { agentId, groupsOf, minute, openTwoDesks, type Signing, type TwoDesks } from './two-desks.ts'

const at = fc.nat(1)
const lane = fc.nat(1)
const person = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(groupsOf)) },
  { weight: 2, arbitrary: fc.constantFrom('per-one', 'per-two', 'per-law', 'per-both') },
)
const signing = fc.record({
  person,
  verdict: fc.oneof(
    { weight: 12, arbitrary: fc.constant('approve' as const) },
    { weight: 1, arbitrary: fc.constant('reject' as const) },
  ),
  assurance: fc.constantFrom('session', 'session', 'chat'),
  stale: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
} as const)
const commands = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('attempt' as const), at, lane }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('sign' as const), at, lane, how: signing }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('sign as asked' as const), lane }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('escalate' as const), at, lane, person }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle' as const), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), person }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stop or start' as const), at }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, minute, 6 * minute, 16 * minute),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('race' as const), lane, hows: fc.tuple(signing, signing) }) },
)
type Command = typeof commands extends fc.Arbitrary<infer Each> ? Each : never

it('any sequence of commands over two desks goes as in the model, and keeps P3, P5, P6, P7 and P15', async () => {
  const sequences = fc.array(commands, { minLength: 10, maxLength: 50 })
  await fc.assert(
    fc.asyncProperty(sequences, async (sequence) => {
      const scene = await openTwoDesks()
      try {
        const world: World = { questions: new Map(), gone: new Set(), stopped: false }
        const start = scene.clock.now()
        for (const command of sequence) await play(scene, world, command, start)
        keepsItsPromises(await scene.store.journal.read(0, 10_000), scene.ran)
      } finally {
        await scene.close()
      }
    }),
    { numRuns: 80 },
  )
}, 120_000)

async function play(scene: TwoDesks, world: World, command: Command, start: number): Promise<void> {
  const now = scene.clock.now()
  switch (command.kind) {
    case 'wait':
      return scene.clock.advance(command.ms)
    case 'leave':
      world.gone.add(command.person)
      return scene.leave(command.person)
    case 'attempt':
      expect(await scene.attempt(command.at, command.lane)).toBe(attempted(world, command.lane, now))
      break
    case 'sign':
      await sign(scene, world, command, start)
      break
    case 'sign as asked':
      for (const [turn, who] of ['per-one', 'per-law', 'per-two'].entries()) {
        const how: Signing = { person: who, verdict: 'approve', assurance: 'session' }
        await sign(scene, world, { at: turn % 2, lane: command.lane, how }, start)
      }
      break
    case 'escalate': {
      const approval = await latest(scene, command.lane)
      if (!approval) return
      const works = escalatedBy(world, command.lane, command.person, now)
      expect(await worked(scene.instances[command.at === 0 ? 0 : 1].desk.escalate(approval.id, command.person))).toBe(
        works,
      )
      break
    }
    case 'settle':
      await scene.instances[command.at === 0 ? 0 : 1].desk.settleDue()
      for (const [each, question] of world.questions) world.questions.set(each, settled(question, now))
      break
    case 'stop or start': {
      const { stops } = scene.instances[command.at === 0 ? 0 : 1]
      if (world.stopped) await stops.start(agentId, 'per-two')
      else await stops.stop(agentId, 'per-one', 'a test')
      if (!world.stopped) for (const each of world.questions.keys()) takeBack(world, each)
      world.stopped = !world.stopped
      break
    }
    case 'race':
      await race(scene, command.lane, command.hows)
      await lookAgain(scene, world)
      break
  }
  for (const [each, { state, escalated }] of world.questions) {
    const stored = await latest(scene, each)
    expect([stored?.state, stored?.terms.signOffs.some((signOff) => signOff.escalated)]).toEqual([state, escalated])
  }
}

async function sign(
  scene: TwoDesks,
  world: World,
  command: { at: number; lane: number; how: Signing },
  start: number,
): Promise<void> {
  const approval = await latest(scene, command.lane)
  if (!approval) return
  const counts = signed(world, command.lane, command.how, { now: scene.clock.now(), start })
  expect(await worked(scene.sign(command.at, approval.id, command.how))).toBe(counts)
}

/** Two people and two runs, all at the same moment, at both instances. */
async function race(scene: TwoDesks, each: number, [one, other]: readonly [Signing, Signing]): Promise<void> {
  const before = scene.ran.length
  const { id } = (await latest(scene, each)) ?? {}
  await Promise.allSettled([
    ...(id === undefined ? [] : [scene.sign(0, id, one), scene.sign(1, id, other)]),
    scene.attempt(0, each),
    scene.attempt(1, each),
  ])
  const runs = scene.ran.length - before
  expect(runs).toBeLessThanOrEqual(1)
}

/** After a race the model takes what the store says; whether that may be so is looked at in the record. */
async function lookAgain(scene: TwoDesks, world: World): Promise<void> {
  for (const each of [0, 1]) {
    const stored = await latest(scene, each)
    if (!stored) continue
    const settledAt = 'settledAt' in stored ? stored.settledAt : 0
    const escalated = stored.terms.signOffs.some((signOff) => signOff.escalated)
    world.questions.set(each, {
      state: stored.state,
      signed: stored.signatures,
      askedAt: stored.askedAt,
      settledAt,
      escalated,
    })
  }
}

async function latest({ store }: TwoDesks, each: number): Promise<Approval | undefined> {
  const { items } = await store.approvals.list({ limit: 100 })
  return items.find(({ card }) => (card.bound.action.parameters as { lane?: number }).lane === each)
}

const worked = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
