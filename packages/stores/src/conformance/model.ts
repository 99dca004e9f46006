/**
 * Any sequence of commands leaves a store as it leaves a model that fits on a page.
 *
 * @module
 */
import { type Change, type ErrorCode, isError, type Store } from '@countersign/core'
import type { Action, Agent, Approval, Fact, PermitRecord } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  agentChanged,
  asked,
  changed,
  decided,
  finished,
  permitted,
  replayed,
  sampleDone,
  sampleUnknown,
} from './facts.ts'
import {
  granted,
  sampleAction,
  sampleAgent,
  sampleOpen,
  samplePermit,
  sampleRecord,
  sampleSignature,
  signed,
  spent,
  unique,
} from './samples.ts'
import { type OpenStore, stage } from './stage.ts'

interface Run {
  readonly permit: PermitRecord
  readonly outcome: 'done' | 'unknown' | undefined
  readonly delivered: boolean
}

/** One action, which may be asked about and run several times. */
interface Lane {
  readonly action: Action
  readonly question: Approval | undefined
  readonly asked: number
  readonly runs: readonly Run[]
}

interface World {
  readonly credential: string
  readonly agent: Agent
  readonly lanes: readonly Lane[]
  readonly facts: number
}

/** What to commit, every code it may be refused with (none: it has to be taken), and the world if it is taken. */
interface Step {
  readonly change: Change
  readonly reasons: readonly ErrorCode[]
  readonly after: World
}

const lane = fc.nat(2)
const person = fc.constantFrom('per-one', 'per-two', 'per-three', 'per-barred')
const commands = fc.oneof(
  fc.record({ kind: fc.constant('ask' as const), lane }),
  fc.record({ kind: fc.constant('sign' as const), lane, person, stale: fc.boolean() }),
  fc.record({ kind: fc.constant('sign' as const), lane, person, stale: fc.constant(false) }),
  fc.record({ kind: fc.constant('spend' as const), lane, sameAttempt: fc.boolean() }),
  fc.record({ kind: fc.constant('finish' as const), lane, done: fc.boolean(), delivered: fc.boolean() }),
  fc.record({ kind: fc.constant('replay' as const), lane }),
  fc.record({ kind: fc.constant('stop' as const) }),
  fc.record({ kind: fc.constant('start' as const) }),
)
type Command = typeof commands extends fc.Arbitrary<infer Each> ? Each : never

export function model(open: OpenStore): void {
  describe('any sequence of commands', () => {
    const scene = stage(open)

    it('is taken, refused and summed up as in the model', async () => {
      const sequences = fc.array(commands, { minLength: 1, maxLength: 40 })
      await fc.assert(
        fc.asyncProperty(sequences, (sequence) => play(scene.store, sequence)),
        { numRuns: 60 },
      )
      expect((await scene.store.check()).differences).toEqual([]) // H: what is stored is what the facts add up to
    }, 120_000)
  })
}

async function play(store: Store, sequence: readonly Command[]): Promise<void> {
  const { size } = await store.ledger.head()
  let world = newWorld()
  await store.commit({ facts: [agentChanged(world.agent)] })
  for (const command of sequence) {
    const step = stepOf(world, command)
    if (step === undefined) continue
    const code = await store.commit(step.change).then(
      () => undefined,
      (error: unknown) => (isError(error, ...step.reasons) ? error.code : Promise.reject(error as Error)),
    )
    if (step.reasons.length === 0) world = step.after
    else expect(step.reasons).toContain(code)
  }
  expect((await store.ledger.head()).size).toBe(size + world.facts)
  await expectSame(store, world)
}

async function expectSame(store: Store, { agent, lanes, credential }: World): Promise<void> {
  expect(await store.agents.get(agent.id)).toEqual(agent)
  expect(await store.approvals.count({ agent: agent.id, onBehalfOf: undefined }, 0)).toEqual({
    open: lanes.filter(({ question }) => question?.state === 'open').length,
    asked: lanes.reduce((sum, each) => sum + each.asked, 0),
  })
  for (const { action, question, runs } of lanes) {
    const { digest } = sampleRecord({ action })
    expect(await store.approvals.latest(digest)).toEqual(question)
    const lives = await Promise.all(runs.map(({ permit }) => store.permits.get(permit.id)))
    expect(
      lives.map((life) => ({ permit: life?.permit, outcome: life?.outcome?.kind, delivered: life?.delivered })),
    ).toEqual(runs)
    const waiting = runs.findLast(({ outcome, delivered }) => outcome !== undefined && !delivered)
    expect((await store.permits.undelivered(credential, digest))?.permit).toEqual(waiting?.permit)
    const openEnded = runs.findLast(({ outcome }) => outcome === undefined || outcome === 'unknown')
    expect((await store.permits.openEnded(digest))?.permit).toEqual(openEnded?.permit)
  }
}

function newWorld(): World {
  const agent = sampleAgent()
  const newLane = (): Lane => ({ action: sampleAction({ agent: agent.id }), question: undefined, asked: 0, runs: [] })
  return { credential: unique('key'), agent, lanes: [newLane(), newLane(), newLane()], facts: 1 }
}

/** Undefined where the instance would not even try. */
function stepOf(world: World, command: Command): Step | undefined {
  if (command.kind === 'stop' || command.kind === 'start') {
    const status = command.kind === 'stop' ? ('stopped' as const) : ('active' as const)
    const agent = { ...world.agent, version: world.agent.version + 1, status }
    return { change: { facts: [agentChanged(agent)] }, reasons: [], after: { ...world, agent, facts: world.facts + 1 } }
  }
  const now = world.lanes[command.lane]
  const made = now && stepIn(now, world, command)
  if (!made) return undefined
  const lanes = world.lanes.with(command.lane, made.lane)
  const facts = world.facts + made.facts.length
  return { change: { facts: made.facts }, reasons: made.reasons, after: { ...world, lanes, facts } }
}

interface LaneStep {
  readonly facts: readonly Fact[]
  readonly reasons: readonly ErrorCode[]
  readonly lane: Lane
}

type LaneCommand = Exclude<Command, { kind: 'stop' | 'start' }>

function stepIn(now: Lane, world: World, command: LaneCommand): LaneStep | undefined {
  switch (command.kind) {
    case 'ask':
      return ask(now)
    case 'sign':
      return sign(now, command.person, command.stale)
    case 'spend':
      return spend(now, world, command.sameAttempt)
    case 'finish':
      return finish(now, command.done, command.delivered)
    case 'replay':
      return replay(now)
  }
}

function ask(now: Lane): LaneStep {
  const question = sampleOpen(sampleRecord({ action: now.action }), { barred: ['per-barred'] })
  const pending = now.question?.state === 'open' || now.question?.state === 'granted'
  return {
    facts: [asked({ ...question, askedAt: question.askedAt + now.asked })],
    reasons: pending ? ['ERR_STORE_CONFLICT'] : [],
    lane: { ...now, question: { ...question, askedAt: question.askedAt + now.asked }, asked: now.asked + 1 },
  }
}

/** The second signature grants. */
function sign(now: Lane, by: string, stale: boolean): LaneStep | undefined {
  const { question } = now
  if (question?.state !== 'open') return undefined
  const signature = sampleSignature(question, by)
  const next = question.signatures.length === 1 ? granted(question, signature) : signed(question, signature)
  const carried = stale ? { ...next, version: question.version } : next
  const reasons: ErrorCode[] = []
  if (stale) reasons.push('ERR_STORE_CONFLICT')
  if (by === 'per-barred') reasons.push('ERR_SELF_APPROVAL')
  if (question.signatures.some((other) => other.person === by)) reasons.push('ERR_APPROVAL_SIGNED_TWICE')
  return { facts: [changed('signed', carried, signature)], reasons, lane: { ...now, question: next } }
}

function spend(now: Lane, { agent, credential }: World, sameAttempt: boolean): LaneStep | undefined {
  const { question, runs } = now
  if (question?.state !== 'granted' && question?.state !== 'spent') return undefined
  const attempt = { credential, id: sameAttempt ? `attempt ${question.digest}` : unique('attempt') }
  const record = sampleRecord({ action: now.action, attempt })
  const permit = samplePermit(record, { agentVersion: agent.version, approval: question.id })
  const next = question.state === 'granted' ? spent(question, permit.id) : question
  const reasons: ErrorCode[] = []
  if (agent.status === 'stopped') reasons.push('ERR_STORE_CONFLICT')
  if (question.state === 'spent') reasons.push('ERR_GRANT_SPENT')
  const tried = runs.some((run) => run.permit.attempt.id === attempt.id)
  const waiting = runs.some((run) => run.outcome !== undefined && !run.delivered)
  if (tried || waiting) reasons.push('ERR_ATTEMPT_KNOWN')
  return {
    facts: [decided(record), ...(next === question ? [] : [changed('spent', next)]), permitted(permit)],
    reasons,
    lane: { ...now, question: next, runs: [...runs, { permit, outcome: undefined, delivered: false }] },
  }
}

function finish(now: Lane, done: boolean, delivered: boolean): LaneStep | undefined {
  const run = now.runs.at(-1)
  if (!run) return undefined
  const late = run.outcome === 'unknown' && done
  const ended: Run = { ...run, outcome: done ? 'done' : 'unknown', delivered }
  return {
    facts: [finished(run.permit, { outcome: done ? sampleDone : sampleUnknown, delivered })],
    reasons: run.outcome === undefined || late ? [] : ['ERR_PERMIT_FINISHED'],
    lane: { ...now, runs: now.runs.with(-1, ended) },
  }
}

function replay(now: Lane): LaneStep | undefined {
  const run = now.runs.at(-1)
  if (run?.outcome === undefined) return undefined
  const lane = { ...now, runs: now.runs.with(-1, { ...run, delivered: true }) }
  return { facts: [replayed(run.permit)], reasons: [], lane }
}
