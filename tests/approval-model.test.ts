/**
 * Any sequence of questions, signatures, escalations, stops, runs that stay under way, clients and instances that go away,
 * and moments, over two instances, goes as in a model that fits on two pages; and whatever two of them do at the same
 * moment, the record keeps its promises.
 *
 *   open ─▶ granted ─▶ spent
 *   open | granted ─▶ expired | cancelled | voided
 *   open ─▶ rejected
 *
 * @module
 */
import { type Approval, byPerson } from '@countersign/schema'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { attempted, escalatedBy, settled, signed, takeBack, type World } from './approval-model.ts'
import { keepsItsPromises } from './approval-record.ts'
import { begun, ended, isQuiet, type Run, wentRound } from './run-model.ts'
import { openTwoDesks, type Signing, type TwoDesks } from './two-desks.ts'
import { agentId, allowedLane, groupsOf, minute } from './two-desks-cast.ts'

const at = fc.nat(1)
const lane = fc.nat(1)
const anyLane = fc.nat(allowedLane)
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
const mostlyNot = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
const commands = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('attempt' as const), at, lane: anyLane, again: mostlyNot }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), lane: anyLane, delivered: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hang up' as const), lane: anyLane }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('die' as const), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose or regain lease' as const), at }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('sign' as const), at, lane, how: signing }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('sign as asked' as const), lane }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('escalate' as const), at, lane, person }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('go round' as const), at }) },
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
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('race, allowed' as const) }) },
)
type Command = typeof commands extends fc.Arbitrary<infer Each> ? Each : never

it('C1: any sequence of commands over two instances goes as in the model, and keeps P3, P5, P6, P7, P10 and P15', async () => {
  const sequences = fc.array(commands, { minLength: 10, maxLength: 50 })
  await fc.assert(
    fc.asyncProperty(sequences, async (sequence) => {
      const scene = await openTwoDesks()
      try {
        const world: World = { questions: new Map(), runs: [[], [], []], gone: new Set(), stopped: false }
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
      await attempt(scene, world, command)
      break
    case 'end': {
      const [place, run] = oneUnderWay(scene, world, command.lane)
      if (run) ended(run, command.delivered)
      await scene.end(command.lane, place, command.delivered)
      break
    }
    case 'hang up': {
      const [place, run] = oneUnderWay(scene, world, command.lane)
      if (run?.outcome === 'none') run.gone = true
      await scene.hangUp(command.lane, place)
      break
    }
    case 'die':
      await scene.die(command.at)
      break
    case 'lose or regain lease':
      scene.loseOrRegainLease(command.at)
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
    case 'go round': {
      const leased = await scene.goRound(command.at)
      for (const [each, question] of world.questions) world.questions.set(each, settled(question, now))
      for (const runs of world.runs) wentRound(runs, leased, now)
      break
    }
    case 'stop or start': {
      const { stops } = scene.instances[command.at === 0 ? 0 : 1]
      if (world.stopped) await stops.start(agentId, byPerson('per-two'))
      else await stops.stop(agentId, byPerson('per-one'), 'a test')
      if (!world.stopped) for (const each of world.questions.keys()) takeBack(world, each)
      world.stopped = !world.stopped
      break
    }
    case 'race, allowed':
      await raceAllowed(scene, world)
      break
    case 'race':
      if (!isQuiet(world.runs[command.lane] ?? [])) return
      await race(scene, world, command.lane, command.hows)
      await lookAgain(scene, world)
      break
  }
  for (const [each, { state, escalated }] of world.questions) {
    const stored = await latest(scene, each)
    expect([stored?.state, stored?.terms.signOffs.some((signOff) => signOff.escalated)]).toEqual([state, escalated])
  }
}

async function attempt(
  scene: TwoDesks,
  world: World,
  { at, lane: each, again }: { at: number; lane: number; again: boolean },
): Promise<void> {
  const sending = { lane: each, node: nodeAt(scene, at), leased: scene.hasLease(at), again }
  expect(await scene.attempt(at, each, again)).toBe(attempted(world, sending, scene.clock.now()))
}

const nodeAt = ({ instances }: TwoDesks, at: number): string => instances[at === 0 ? 0 : 1].node

/** The newest of a lane at an instance that lives; also one that was closed as overdue. */
function oneUnderWay({ instances }: TwoDesks, { runs }: World, each: number): readonly [number, Run | undefined] {
  const mine = runs[each] ?? []
  const lives = (run: Run) => run.outcome !== 'done' && instances.some(({ node }) => node === run.node)
  const place = mine.findLastIndex(lives)
  return [place, mine[place]]
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

/** Nobody is asked, and of what comes to both at the same moment one runs; the other one finds it. */
async function raceAllowed(scene: TwoDesks, world: World): Promise<void> {
  const runs = world.runs[allowedLane] ?? []
  if (!isQuiet(runs)) return
  const endings = await Promise.all([0, 1].map((at) => scene.attempt(at, allowedLane, false)))
  if (world.stopped) return expect(endings).toEqual(['agent_stopped', 'agent_stopped'])
  const leased = [0, 1].filter((at) => scene.hasLease(at))
  expect(endings.filter((ending) => ending === 'unavailable')).toHaveLength(2 - leased.length)
  expect(endings.filter((ending) => ending === 'ran')).toHaveLength(Math.min(leased.length, 1))
  const winner = endings.indexOf('ran')
  if (winner >= 0) begun(runs, nodeAt(scene, winner), false, scene.clock.now())
}

/** Two people and two runs, all at the same moment, at both instances. */
async function race(
  scene: TwoDesks,
  world: World,
  each: number,
  [one, other]: readonly [Signing, Signing],
): Promise<void> {
  const before = scene.ran.length
  const { id } = (await latest(scene, each)) ?? {}
  const [here, there] = await Promise.all([
    scene.attempt(0, each, false),
    scene.attempt(1, each, false),
    ...(id === undefined ? [] : [worked(scene.sign(0, id, one)), worked(scene.sign(1, id, other))]),
  ])
  expect(scene.ran.length - before).toBeLessThanOrEqual(1)
  const winner = [here, there].indexOf('ran')
  if (winner < 0) return
  const runs = world.runs[each] ?? []
  begun(runs, nodeAt(scene, winner), true, scene.clock.now())
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
