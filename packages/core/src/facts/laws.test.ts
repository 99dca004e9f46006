import {
  type ActionRecord,
  type Approval,
  byAgent,
  byPerson,
  bySystem,
  type Fact,
  type Person,
} from '@countersign/schema'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  asking,
  finished,
  sampleAction,
  sampleAgent,
  samplePermit,
  sampleQuestion,
  sampleRecord,
  sampleStory,
} from '../ledger/sample.ts'
import { allowedFact, stepOf, stepsOf } from './steps.ts'
import { forget } from './erasure.ts'
import { keysOf } from './keys.ts'
import { aboutOf, applyFacts, subjectsOf, touchesOf } from './laws.ts'
import { emptyWorld, isPending, isUndelivered, policiesInForce, replayKey, type World } from './world.ts'

const keys = keysOf((value) => createHash('sha256').update(value).digest('hex'))

const slotsFor = (facts: readonly Fact[], index: number, world: World) =>
  subjectsOf(facts, (id) => world.actions.get(id)?.subject).map((subject, position) => ({
    index: index + position,
    at: index,
    subject,
  }))

/** What a store reads before it judges: the rows that are touched, and nothing else. */
function partOf(world: World, facts: readonly Fact[]): World {
  const { reads, makes } = touchesOf(facts, keys)
  const has = (table: Parameters<typeof reads.get>[0], key: string) =>
    reads.get(table)?.has(key) === true || makes.get(table)?.has(key) === true
  const part = emptyWorld()
  for (const row of world.actions.values()) if (has('actions', row.id)) part.actions.set(row.id, row)
  for (const row of world.approvals.values()) {
    const waits = isPending(row.state)
    if (!has('approvals', row.id) && !(waits && has('pending', row.digestKey))) continue
    part.approvals.set(row.id, row)
    if (waits) part.pending.set(row.digestKey, row.id)
    for (const [key, one] of world.signatures) if (one.approval === row.id) part.signatures.set(key, one)
  }
  for (const row of world.permits.values()) {
    const isTouched =
      has('permits', row.id) ||
      (row.approval !== null && has('spent', row.approval)) ||
      (row.attemptKey !== null && has('attempts', row.attemptKey)) ||
      (isUndelivered(row) && has('undelivered', row.digestKey))
    if (!isTouched) continue
    part.permits.set(row.id, row)
    if (row.approval !== null) part.spent.set(row.approval, row.id)
    if (row.attemptKey !== null) part.attempts.set(row.attemptKey, row.id)
    const key = replayKey(row.credential, row.digestKey)
    if (isUndelivered(row)) part.undelivered.set(key, [...(part.undelivered.get(key) ?? []), row.id])
  }
  for (const row of world.agents.values()) if (has('agents', row.id)) part.agents.set(row.id, row)
  for (const row of world.people.values()) {
    const accounts = [row.accountKey, ...row.linked]
    if (!has('people', row.id) && !accounts.some((key) => has('accounts', key))) continue
    part.people.set(row.id, row)
    for (const key of accounts) part.accounts.set(key, row.id)
  }
  for (const row of world.tools.values()) if (has('tools', row.id)) part.tools.set(row.id, row)
  for (const [key, row] of world.policies) if (has('policies', key)) part.policies.set(key, row)
  return part
}

const entriesOf = (world: World) =>
  Object.fromEntries(Object.entries(world).map(([table, rows]) => [table, [...(rows as Map<string, unknown>)]]))

/** Facts from small pools, so that they get in each other's way; most fit to what the world is. */
type Made = (world: World) => Fact
const pick = fc.nat(2)
const tenth = fc.nat(9)
/** Mostly the next version of a row. */
const next = (row: { readonly version: number } | undefined, luck: number) => (row?.version ?? 0) + (luck === 0 ? 0 : 1)

const agentFact = fc.record({ which: pick, luck: tenth }).map(({ which, luck }): Made => ({ agents }) => {
  const id = `agent-${which}`
  const agent = sampleAgent({ id, version: next(agents.get(id), luck), status: luck === 1 ? 'stopped' : 'active' })
  return { kind: 'agent.changed', change: 'changed', by: byPerson('per_1'), agent }
})
const personFact = fc
  .record({ which: pick, account: pick, linked: fc.uniqueArray(pick, { maxLength: 2 }), luck: tenth })
  .map(({ which, account, linked, luck }): Made => ({ people }) => {
    const id = `per_${which}`
    const accounts = linked.map((each) => ({ provider: 'chat', id: `U${each}`, linkedBy: 'per_1', linkedAt: 0 }))
    const subject = `subject-${account}`
    const person = { ...personOf(), id, subject, accounts, version: next(people.get(id), luck) }
    return { kind: 'person.changed', change: 'roles', by: byPerson('per_1'), person }
  })
const toolFact = fc
  .record({ which: pick, luck: tenth, hash: pick })
  .map(({ which, luck, hash }): Made => ({ tools }) => {
    const id = `crm/${which}`
    const definition = { hash: String(hash).repeat(64), says: {} }
    const tool = { id, version: next(tools.get(id), luck), server: 'crm', name: String(which), listed: definition }
    return { kind: 'tool.changed', change: 'accepted', by: byPerson('per_1'), tool: { ...tool, pinned: definition } }
  })
const policyFact = pick.map((which): Made => () => ({
  kind: 'policy.activated',
  by: bySystem,
  version: `v${which}`,
  policies: [],
}))
const decidedFact = fc.record({ which: tenth, agent: pick }).map(({ which, agent }): Made => () => ({
  kind: 'action.decided',
  record: recordOf(which, agent),
}))
const approvalFact = fc
  .record({
    id: fc.nat(5),
    luck: tenth,
    state: fc.constantFrom<Approval['state']>('open', 'open', 'granted', 'spent', 'expired'),
    signers: fc.uniqueArray(fc.constantFrom('per_a', 'per_b', 'per_barred'), { maxLength: 2 }),
  })
  .map(({ id, luck, state, signers }): Made => ({ approvals }) => {
    const question = sampleQuestion(`apr_${id}`, recordOf(id % 3, 0, asking()))
    const version = next(approvals.get(question.id), luck)
    const signatures = signers.map((person) => ({ ...signatureOf(), person }))
    const rest = {
      version,
      barred: ['per_barred'],
      signatures,
      settledAt: 1,
      validUntil: 2,
      permit: 'prm_1',
      because: '',
    }
    const approval = { ...question, ...rest, state } as Approval
    return { kind: 'approval.changed', change: 'signed', by: byPerson('per_a'), approval }
  })
const permittedFact = fc
  .record({
    id: fc.nat(19),
    which: tenth,
    agent: pick,
    luck: tenth,
    attempt: fc.option(fc.nat(5)),
    approval: fc.option(fc.nat(5)),
    node: fc.constantFrom('nod_1', 'nod_2'),
    replayable: fc.boolean(),
    person: fc.option(pick),
    tool: fc.option(pick),
  })
  .map(({ id, which, agent, luck, attempt, approval, node, replayable, ...on }): Made => (world) => {
    const plain = recordOf(which, agent, approval === null ? { id: `act_a${id}` } : {})
    const { policyVersion, ...judged } = judgedOn(world, on, luck)
    const record = {
      ...plain,
      decision: { ...plain.decision, policyVersion },
      attempt: { credential: 'key', ...(attempt !== null && { id: String(attempt) }) },
    }
    const permit = {
      ...samplePermit(`prm_${id}`, record, approval === null ? undefined : `apr_${approval}`),
      ...judged,
      policyVersion,
      agentVersion: (world.agents.get(`agent-${agent}`)?.version ?? 0) + (luck === 0 ? 1 : 0),
      node,
      replayable,
    }
    return approval === null ? allowedFact(record, permit) : { kind: 'action.permitted', permit }
  })
/** Mostly as it is. */
function judgedOn(
  { people, tools, policies }: World,
  on: { person: number | null; tool: number | null },
  luck: number,
) {
  const [person, tool] = [`per_${on.person}`, `crm/${on.tool}`]
  const version = (people.get(person)?.version ?? 0) + (luck === 1 ? 1 : 0)
  const definition = luck === 2 ? 'another' : (tools.get(tool)?.pinned ?? 'none')
  return {
    policyVersion: luck === 3 ? 'another' : (policies.get(policiesInForce)?.version ?? 'v1'),
    ...(on.person !== null && { people: [{ id: person, version }] }),
    ...(on.tool !== null && { tool: { id: tool, definition } }),
  }
}
const finishedFact = fc
  .record({ id: fc.nat(19), kind: fc.constantFrom('failed' as const, 'unknown' as const), delivered: fc.boolean() })
  .map(
    ({ id, kind, delivered }): Made =>
      () =>
        finished(samplePermit(`prm_${id}`, recordOf(0, 0)), { outcome: { kind, summary: '' }, delivered }),
  )
const replayedFact = fc.nat(19).map((id): Made => () => ({
  kind: 'action.replayed',
  permit: `prm_${id}`,
  actionId: 'act_0',
  attempt: { credential: 'key' },
}))
const anyFact = fc.oneof(
  agentFact,
  personFact,
  toolFact,
  policyFact,
  decidedFact,
  { arbitrary: approvalFact, weight: 3 },
  { arbitrary: permittedFact, weight: 4 },
  { arbitrary: finishedFact, weight: 2 },
  replayedFact,
)

/** Three agents, so that something may be permitted from the start. */
function youngWorld(): World {
  const world = emptyWorld()
  const facts = [0, 1, 2].map((which): Fact => ({
    kind: 'agent.changed',
    change: 'registered',
    by: byPerson('per_1'),
    agent: sampleAgent({ id: `agent-${which}` }),
  }))
  applyFacts(facts, slotsFor(facts, 0, world), { world, keys })
  return world
}

function recordOf(which: number, agent: number, over = {}) {
  const action = sampleAction({ agent: `agent-${agent}`, onBehalfOf: `per_${which}` })
  return sampleRecord(`act_${which}`, { action, ...over })
}
const kindIn = <Kind extends Fact['kind']>(kind: Kind) =>
  sampleStory().find((fact): fact is Extract<Fact, { kind: Kind }> => fact.kind === kind)
const personOf = (): Person => {
  const person = kindIn('person.changed')?.person
  if (!person) throw new Error('the story has a person')
  return person
}
const signatureOf = () => {
  const [signature] = sampleStory().flatMap((fact) =>
    fact.kind === 'approval.changed' ? fact.approval.signatures : [],
  )
  if (!signature) throw new Error('the story has a signature')
  return signature
}

describe('the law', () => {
  it('judges on what is touched as on the whole world', () => {
    let [taken, refusals] = [0, 0]
    const changes = fc.array(fc.array(anyFact, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(changes, (sequence) => {
        const world = youngWorld()
        let index = 3
        for (const made of sequence) {
          const facts = made.map((make) => make(world))
          const part = partOf(world, facts)
          const slots = slotsFor(facts, index, world)
          const onPart = applyFacts(facts, slots, { world: part, keys })
          const onWhole = applyFacts(facts, slots, { world, keys })
          if ('refused' in onWhole) {
            refusals += 1
            expect(onPart).toEqual(onWhole)
          } else {
            taken += 1
            expect('refused' in onPart).toBe(false)
            if ('refused' in onPart) return
            expect(onPart.sequences).toEqual(onWhole.sequences)
            for (const table of [
              'actions',
              'approvals',
              'signatures',
              'permits',
              'agents',
              'people',
              'tools',
              'policies',
            ] as const) {
              const rows = (of: World, draft: typeof onWhole.draft) =>
                [...draft.changedIn<string, unknown>(of[table])]
                  .toSorted()
                  .map((key) => (of[table] as Map<string, unknown>).get(key))
              expect(rows(part, onPart.draft)).toEqual(rows(world, onWhole.draft))
            }
          }
          index += facts.length
        }
      }),
      { numRuns: 300 },
    )
    expect(taken).toBeGreaterThan(300)
    expect(refusals).toBeGreaterThan(300)
  })

  it('leaves the world as it was when one of several facts is refused', () => {
    fc.assert(
      fc.property(fc.array(anyFact, { minLength: 5, maxLength: 60 }), (sequence) => {
        const world = youngWorld()
        for (const [index, make] of sequence.entries()) {
          const fact = make(world)
          const before = entriesOf(world)
          const never = {
            kind: 'action.replayed',
            permit: 'nobody’s',
            actionId: '',
            attempt: { credential: '' },
          } as const
          const both = [fact, never]
          expect(applyFacts(both, slotsFor(both, index, world), { world, keys })).toHaveProperty('refused')
          const after = entriesOf(world)
          for (const table of Object.keys(before)) {
            expect(new Map(after[table] as [string, unknown][])).toEqual(new Map(before[table] as [string, unknown][]))
          }
          applyFacts([fact], slotsFor([fact], index, world), { world, keys })
        }
      }),
      { numRuns: 50 },
    )
  })

  it('leaves the world as it was when a fact cannot be judged at all', () => {
    const world = youngWorld()
    const before = entriesOf(world)
    const facts: Fact[] = [{ kind: 'action.decided', record: recordOf(0, 0) }, ...sampleStory().slice(0, 1)]
    expect(() => applyFacts(facts, slotsFor(facts, 3, world).slice(0, 1), { world, keys })).toThrow(RangeError)
    expect(entriesOf(world)).toEqual(before)
  })

  it('takes every fact of a day, and finds each of an action and of a question again', () => {
    const world = emptyWorld()
    const story = sampleStory()
    let refused = 0
    for (const [index, fact] of story.entries()) {
      const applied = applyFacts([fact], slotsFor([fact], index, world), { world, keys })
      if ('refused' in applied) refused += 1
    }
    expect(refused).toBe(2) // the story uses one attempt id twice, so that its second run has no permit
    const found = story.filter((fact) => Object.keys(aboutOf(fact)).length > 0).map(({ kind }) => kind)
    expect(new Set(found)).toEqual(
      new Set([
        'action.allowed',
        'action.decided',
        'action.permitted',
        'action.finished',
        'action.replayed',
        'approval.changed',
        'signature.refused',
      ]),
    )
  })

  it('numbers outcomes: after what let it run, a late one after the first, also within one change', () => {
    const world = youngWorld()
    const record = recordOf(0, 0)
    const [permit, under] = [samplePermit('prm_1', record), samplePermit('prm_2', recordOf(1, 0), 'apr_1')]
    const ends = (of: typeof permit) => [
      finished(of, { outcome: { kind: 'unknown', summary: '' } }),
      finished(of, { delivered: true }),
    ]
    const approved = { ...under, attempt: { credential: 'key_2' } }
    const facts: Fact[] = [
      allowedFact(record, permit),
      ...ends(permit),
      { kind: 'action.permitted', permit: approved },
      ...ends(approved),
    ]
    const applied = applyFacts(facts, slotsFor(facts, 3, world), { world, keys })
    expect(applied).toMatchObject({ sequences: [undefined, 2, 3, undefined, 3, 4] })
  })

  it('takes no permit without an approval but with its decision, and only with one that allows it', () => {
    const world = youngWorld()
    const record = recordOf(0, 0)
    const permit = samplePermit('prm_1', record)
    const applied = (fact: Fact) => applyFacts([fact], slotsFor([fact], 3, world), { world, keys })
    const refused = { refused: { code: 'ERR_INPUT_INVALID' } }
    expect(applied({ kind: 'action.permitted', permit })).toMatchObject(refused)
    const denied: ActionRecord['decision'] = { kind: 'deny', because: [], policyVersion: 'v1', reason: 'no_grant' }
    for (const over of [{ decision: denied }, { decision: denied, observed: true }, asking()])
      expect(applied(allowedFact({ ...record, ...over }, permit))).toMatchObject(refused)
    expect(world.actions.size + world.permits.size).toBe(0)
    expect(applied(allowedFact({ ...record, ...asking(), observed: true }, permit))).not.toHaveProperty('refused')
  })

  it('is the same for what is told in one as for its two steps', () => {
    const record = recordOf(0, 0)
    const permit = samplePermit('prm_1', record)
    const fact = allowedFact(record, permit)
    expect(stepsOf(fact)).toEqual([
      { kind: 'action.decided', record },
      { kind: 'action.permitted', permit },
    ])
    expect(stepOf(fact, 'action.permitted')?.permit).toEqual(permit)
    expect(stepOf(fact, 'action.finished')).toBeUndefined()
    const { reads, makes } = touchesOf([fact], keys)
    expect({ reads, makes }).toEqual(touchesOf(stepsOf(fact) as Fact[], keys))
    expect(aboutOf(fact)).toEqual(aboutOf({ kind: 'action.permitted', permit }))
  })
})

describe('forgetting a subject (P12)', () => {
  it('ends what is open, keeps what was used, and lets nobody have its id', () => {
    const world = emptyWorld()
    const record = recordOf(0, 0, asking())
    const agent = sampleAgent({ id: 'agent-0' })
    const alone = sampleRecord('act_9', { action: sampleAction({ agent: 'agent-0', onBehalfOf: undefined }) })
    const facts: Fact[] = [
      { kind: 'agent.changed', change: 'registered', by: byPerson('per_1'), agent },
      allowedFact(alone, samplePermit('prm_9', alone)),
      { kind: 'action.decided', record },
      { kind: 'approval.changed', change: 'asked', by: byAgent('agent-0'), approval: sampleQuestion('apr_0', record) },
    ]
    expect(applyFacts(facts, slotsFor(facts, 0, world), { world, keys })).not.toHaveProperty('refused')

    forget(world, 'agent-0')
    expect(world.agents.get('agent-0')).toMatchObject({ erased: true, status: 'stopped', keys: [], owner: '' })
    expect(world.permits.get('prm_9')).toMatchObject({ delivered: true, outcome: null })
    expect(world.approvals.get('apr_0')).toMatchObject({ state: 'open' })
    const again: Fact = {
      kind: 'agent.changed',
      change: 'registered',
      by: byPerson('per_1'),
      agent: { ...agent, version: 2 },
    }
    expect(applyFacts([again], slotsFor([again], 9, world), { world, keys })).toHaveProperty('refused')

    forget(world, 'per_0')
    expect(world.approvals.get('apr_0')).toMatchObject({ state: 'voided', dueAt: null })
    expect(world.pending.size).toBe(0)
  })
})
