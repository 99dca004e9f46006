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
import type { Approval, ApprovalState, Countersignature, Entry, FactOf } from '@countersign/schema'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  agentId,
  barred,
  escalateAfterMs,
  groupsOf,
  membershipMs,
  minute,
  openTwoDesks,
  type Signing,
  timeoutMs,
  type TwoDesks,
  validMs,
} from './two-desks.ts'

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
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop' as const), at, start: fc.boolean() }) },
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

/** A question as the model has it. */
interface Question {
  readonly state: ApprovalState
  readonly signed: readonly { readonly person: string; readonly assurance: string }[]
  readonly askedAt: number
  readonly settledAt: number
  readonly escalated: boolean
}

interface World {
  readonly questions: Map<number, Question>
  readonly gone: Set<string>
  stopped: boolean
}

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
    { numRuns: 120 },
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
    case 'stop': {
      const { stops } = scene.instances[command.at === 0 ? 0 : 1]
      if (command.start) await stops.start(agentId, 'per-two')
      else await stops.stop(agentId, 'per-one', 'a test')
      if (!command.start && !world.stopped) for (const each of world.questions.keys()) takeBack(world, each)
      world.stopped = !command.start
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

// ── The model ───────────────────────────────────────────────────────────────────────────────────

function attempted(world: World, each: number, now: number): string {
  if (world.stopped) return 'agent_stopped'
  const question = world.questions.get(each)
  if (question && inTime(question, now) === 'open') return 'waiting'
  if (question?.state === 'rejected' && now < question.settledAt + 10 * minute) return 'rejected'
  if (question && inTime(question, now) === 'granted') {
    // A leaver's signature no longer counts: the grant is void, and the question is asked anew.
    if (serves({ ...question, signed: question.signed.filter((one) => !world.gone.has(one.person)) })) {
      world.questions.set(each, { ...question, state: 'spent' })
      return 'ran'
    }
  }
  world.questions.set(each, { state: 'open', signed: [], askedAt: now, settledAt: 0, escalated: false })
  return 'waiting'
}

function signed(world: World, each: number, how: Signing, { now, start }: { now: number; start: number }): boolean {
  const question = world.questions.get(each)
  if (!question || inTime(question, now) !== 'open') return false
  if (world.gone.has(how.person) || barred.includes(how.person) || how.stale) return false
  if (how.assurance === 'chat' && now - start > membershipMs) return false
  if (question.signed.some((one) => one.person === how.person)) return false
  const { controller, lawyer } = standing(how, question.escalated)
  if (!controller && !lawyer) return false
  if (how.verdict === 'reject') {
    world.questions.set(each, { ...question, state: 'rejected', settledAt: now })
    return true
  }
  if (!controller && how.assurance === 'chat') return false
  const next = { ...question, signed: [...question.signed, how] }
  world.questions.set(each, serves(next) ? { ...next, state: 'granted', settledAt: now } : next)
  return true
}

function escalatedBy(world: World, each: number, who: string, now: number): boolean {
  const question = world.questions.get(each)
  if (question?.state !== 'open' || question.escalated) return false
  const { controller, lawyer } = standing({ person: who }, false)
  if (world.gone.has(who) || barred.includes(who) || (!controller && !lawyer)) return false
  world.questions.set(each, { ...question, escalated: true })
  return now >= 0
}

function settled(question: Question, now: number): Question {
  const state = inTime(question, now)
  if (state !== question.state) return { ...question, state, settledAt: now }
  return {
    ...question,
    escalated: question.escalated || (state === 'open' && now >= question.askedAt + escalateAfterMs),
  }
}

function takeBack(world: World, each: number): void {
  const question = world.questions.get(each)
  if (question?.state === 'open') world.questions.set(each, { ...question, state: 'cancelled' })
  if (question?.state === 'granted') world.questions.set(each, { ...question, state: 'voided' })
}

function inTime({ state, askedAt, settledAt }: Question, now: number): ApprovalState {
  if (state === 'open' && now >= askedAt + timeoutMs) return 'expired'
  if (state === 'granted' && now >= settledAt + validMs) return 'expired'
  return state
}

const standing = (who: { person: string }, escalated: boolean) => {
  const groups = groupsOf[who.person] ?? []
  const lawyer = groups.includes('legal') || (escalated && groups.includes('cfo-office'))
  return { controller: groups.includes('controllers'), lawyer }
}

function serves({ signed: by, escalated }: Pick<Question, 'signed' | 'escalated'>): boolean {
  const controllers = by.filter((one) => standing(one, escalated).controller)
  const lawyers = by.filter((one) => standing(one, escalated).lawyer && one.assurance !== 'chat')
  return controllers.length >= 2 && lawyers.length >= 1
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

// ── The record ──────────────────────────────────────────────────────────────────────────────────

const drawing: Readonly<Record<ApprovalState, readonly ApprovalState[]>> = {
  open: ['open', 'granted', 'rejected', 'expired', 'cancelled', 'voided'],
  granted: ['spent', 'expired', 'cancelled', 'voided'],
  spent: [],
  rejected: [],
  expired: [],
  cancelled: [],
  voided: [],
}

type Changed = FactOf<'approval.changed'>

/** What has to hold of every approval, whoever raced whom. */
function keepsItsPromises(entries: readonly Entry[], ran: readonly number[]): void {
  const facts = entries.map(({ fact }) => fact)
  const changes = facts.filter((fact) => fact.kind === 'approval.changed')
  const permits = facts.flatMap((fact) => (fact.kind === 'action.permitted' ? [fact.permit] : []))
  expect(permits).toHaveLength(ran.length)
  expect(new Set(permits.map(({ approval }) => approval)).size).toBe(permits.length) // one grant, one permit

  const gone = new Set<string>()
  const live = new Map<string, string>()
  const last = new Map<string, Approval>()
  for (const { fact, at: writtenAt } of entries) {
    if (fact.kind === 'person.changed' && !fact.person.active) gone.add(fact.person.id)
    if (fact.kind !== 'approval.changed') continue
    const { approval } = fact
    follows(last.get(approval.id), fact, writtenAt, gone)
    last.set(approval.id, approval)
    if (approval.state === 'open' || approval.state === 'granted') {
      expect(live.get(approval.digest) ?? approval.id).toBe(approval.id) // one question per action
      live.set(approval.digest, approval.id)
    } else live.delete(approval.digest)
  }
  for (const { approval = '' } of permits) expect(last.get(approval)?.state).toBe('spent')
  expect(changes.filter(({ approval }) => approval.state === 'spent')).toHaveLength(ran.length)
}

function follows(
  before: Approval | undefined,
  { approval, by }: Changed,
  now: number,
  gone: ReadonlySet<string>,
): void {
  if (before === undefined)
    return expect([approval.version, approval.state, approval.signatures]).toEqual([1, 'open', []])
  expect(approval.version).toBe(before.version + 1)
  expect(drawing[before.state]).toContain(approval.state)
  for (const same of ['digest', 'shown', 'card', 'barred', 'askedAt', 'expiresAt'] as const) {
    expect(approval[same]).toEqual(before[same])
  }
  expect(approval.signatures.slice(0, before.signatures.length)).toEqual(before.signatures)
  const [signature, ...more] = approval.signatures.slice(before.signatures.length)
  expect(more).toEqual([])
  if (signature) mayCount(signature, before, { by, now, gone })
  if (approval.state === 'granted' || approval.state === 'spent') isCovered(approval, gone)
  if (approval.state === 'spent' && before.state === 'granted') expect(now).toBeLessThan(before.validUntil)
  if (approval.state === 'rejected') expect(signature?.verdict).toBe('reject')
}

function mayCount(
  { person: who, digest, shown }: Countersignature,
  before: Approval,
  { by, now, gone }: { by: string; now: number; gone: ReadonlySet<string> },
): void {
  expect([who, digest, shown]).toEqual([by, before.digest, before.shown])
  expect(barred).not.toContain(who)
  expect(before.signatures.map((one) => one.person)).not.toContain(who)
  expect(gone).not.toContain(who)
  expect(now).toBeLessThan(before.expiresAt)
}

/** Two controllers and one of legal, all distinct people, and when it is spent all of them still here. */
function isCovered({ state, signatures, terms }: Approval, gone: ReadonlySet<string>): void {
  const counted = state === 'spent' ? signatures.filter((one) => !gone.has(one.person)) : signatures
  expect(signatures.every(({ verdict }) => verdict === 'approve')).toBe(true)
  expect(new Set(counted.map((one) => one.person)).size).toBe(counted.length)
  expect(serves({ signed: counted, escalated: terms.signOffs.some(({ escalated }) => escalated) })).toBe(true)
}
