import { decide } from '@countersign/core'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Candidate } from './compile.ts'
import {
  agentGroups,
  answer,
  candidateOf,
  type Changes,
  loading,
  questionOf,
  sampleSource,
  sourceOf,
} from './fixture.ts'
import { type CedarPolicySet, loadPolicySet } from './set.ts'

let samples: Candidate
let set: CedarPolicySet
beforeAll(async () => {
  samples = await candidateOf(await sampleSource.files())
  set = await loadPolicySet(samples, loading)
})

describe('hostile input (P8)', () => {
  const deep = (levels: number) => {
    let value: unknown = 0
    for (let level = 0; level < levels; level += 1) value = [value]
    return value
  }
  const rows = (value: unknown): Changes => ({ context: { measures: { rows: value } } })

  it.each<[string, Changes, string]>([
    ['a missing number is unknown, and unknown is asked about', { context: { measures: {} } }, 'ask'],
    ['null', rows(null), 'evaluation_error'],
    ['a float', rows(10.5), 'evaluation_error'],
    ['a text', rows('10'), 'evaluation_error'],
    ['NaN', rows(Number.NaN), 'evaluation_error'],
    ['a BigInt', rows(10n), 'evaluation_error'],
    ['2^53', rows(2 ** 53), 'evaluation_error'],
    ['1e300', rows(1e300), 'evaluation_error'],
    ['less than nothing', rows(-1), 'evaluation_error'],
    [
      'an unheard-of member is not looked at',
      { context: { approved: true, dataUse: questionOf().context.dataUse } },
      'allow',
    ],
    ['no agent', { agent: { id: undefined } }, 'evaluation_error'],
    ['an agent in no known group', { agent: { id: 'x', groups: ['finance'] } }, 'no_grant'],
    ['an unheard-of verb', { action: { verb: 'data.destroy' } }, 'evaluation_error'],
    ['an unheard-of kind of resource', { resource: { kind: 'planet', name: 'earth' } }, 'evaluation_error'],
    ['a resource nobody registered', { resource: { kind: 'dataset', name: 'finance' } }, 'no_grant'],
    ['a name that every object inherits', { resource: { kind: 'dataset', name: '__proto__' } }, 'no_grant'],
    ['nesting in place of a name', { context: { client: deep(50_000) } }, 'evaluation_error'],
    ['a megabyte in place of a name', { context: { client: 'x'.repeat(1 << 20) } }, 'evaluation_error'],
    ['half a character', { agent: { id: 'fin-\ud83d' } }, 'evaluation_error'],
    ['half a character in a group', { agent: { groups: ['finance-agents', '\udc00'] } }, 'evaluation_error'],
    ['a thousand groups', { agent: { groups: Array.from({ length: 1000 }, (_, n) => `g${n}`) } }, 'evaluation_error'],
    ['an hour that no clock shows', { context: { when: { hour: 24, weekday: 3 } } }, 'evaluation_error'],
    ['a risk beyond all', { context: { risk: 101 } }, 'evaluation_error'],
    ['no use of data', { context: { dataUse: undefined } }, 'evaluation_error'],
  ])('%s', (_, changes, expected) => {
    expect(answer(set, changes)).toBe(expected)
    expect(answer(set), 'the engine is as well as before').toBe('allow')
  })

  it('never throws, whatever it is asked', () => {
    const anything = fc.anything({ withBigInt: true, withNullPrototype: true, maxDepth: 4 })
    const changes = fc.record(
      {
        action: fc.record({ verb: anything, operation: anything, environment: anything }, { requiredKeys: [] }),
        agent: fc.record({ id: anything, groups: anything, owner: anything }, { requiredKeys: [] }),
        context: fc.record(
          { risk: anything, dataUse: anything, measures: anything, client: anything },
          { requiredKeys: [] },
        ),
        resource: anything,
        onBehalfOf: anything,
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(changes, (changed) => {
        expect(['allow', 'deny', 'error']).toContain(set.evaluate('auto', questionOf(changed)).kind)
      }),
    )
  })
})

describe('who and what a policy can speak of', () => {
  const forbid = (id: string, scope: string, when = '') =>
    `@id("${id}") @owner("d") @doc("…") forbid (${scope})${when && ` when { ${when} }`};`
  const all = 'principal, action, resource'
  const text = [
    '@id("may") @owner("d") @doc("…") permit (principal, action, resource);',
    forbid('owner', all, 'principal.owner == User::"eve"'),
    forbid('person', all, 'context has on_behalf_of && context.on_behalf_of in Group::"cfo-office"'),
    forbid('privileged', 'principal, action, resource is Role', 'resource.privileged'),
    forbid('classes', 'principal, action, resource is Dataset', 'resource.classes.contains("pii") && resource.known'),
    forbid('unknown-data', 'principal, action, resource is Dataset', '!resource.known'),
    forbid('outside-model', all, 'context has model && context.model.external'),
    forbid('family', 'principal, action in Action::"reads", resource'),
    forbid('operation', 'principal, action in Action::"mcp.tools/call", resource'),
    forbid('flow', all, 'context.lineage.datasets.contains(Dataset::"ml.training")'),
  ].join('\n')
  const schema =
    'action "mcp.tools/call" in ["tool.call"] appliesTo { principal: [Agent], resource: [Tool], context: Asked };'
  let worded: CedarPolicySet
  beforeAll(async () => {
    const { files } = sourceOf(text, { name: 'site.cedarschema', text: schema })
    worded = await loadPolicySet(await candidateOf(files), loading)
  })
  const { dataUse } = questionOf().context

  it.each<[string, Changes, string[]]>([
    ['nothing special', {}, []],
    ['the agent’s owner', { agent: { owner: 'eve' } }, ['owner']],
    ['the groups of whom it acts for', { onBehalfOf: { id: 'carla', groups: ['cfo-office'] } }, ['person']],
    ['a privileged role', { resource: { kind: 'role', name: 'db-admin' } }, ['privileged']],
    ['a plain role', { resource: { kind: 'role', name: 'reader' } }, []],
    ['a role that nobody registered', { resource: { kind: 'role', name: 'root' } }, ['privileged']],
    ['classes of a dataset', { resource: { kind: 'dataset', name: 'crm.customers' } }, ['classes']],
    ['a dataset that nobody registered', { resource: { kind: 'dataset', name: 'x' } }, ['unknown-data']],
    [
      'a model outside',
      { context: { dataUse: { ...dataUse, model: { name: 'gpt-x', external: true, known: true } } } },
      ['outside-model'],
    ],
    [
      'a model inside',
      { context: { dataUse: { ...dataUse, model: { name: 'in-house-7b', external: false, known: true } } } },
      [],
    ],
    ['a family of verbs', { action: { verb: 'file.read' } }, ['family']],
    [
      'an operation of a gateway',
      { action: { verb: 'tool.call' }, resource: { kind: 'tool', name: 'x' } },
      ['operation'],
    ],
    ['an operation that is really an export', { resource: { kind: 'tool', name: 'x' } }, []],
    [
      'data that flows',
      { context: { dataUse: { ...dataUse, reads: [{ name: 'ml.training', classes: [], known: true }] } } },
      ['flow'],
    ],
  ])('%s', (_, changes, by) => {
    const evaluation = worded.evaluate('auto', questionOf(changes))
    expect(evaluation).toEqual(by.length > 0 ? { kind: 'deny', by } : { kind: 'allow', by: ['may'] })
  })
})

describe('a forbid that errs (H1)', () => {
  it('denies, where Cedar alone would skip it and allow', async () => {
    const { files } = sourceOf(`
@id("may") @owner("d") @doc("…") permit (principal, action, resource);
@id("big") @owner("d") @doc("…") forbid (principal, action, resource) when { context.rows * 2000 > 1000000 };`)
    const overflowing = await loadPolicySet(await candidateOf(files), loading)
    expect(answer(overflowing)).toBe('allow')
    expect(answer(overflowing, { context: { measures: { rows: 501 } } })).toBe('prohibited')
    expect(answer(overflowing, { context: { measures: {} } })).toBe('evaluation_error')
  })
})

// What the sample policies can tell apart, in every combination.
const circumstances = fc.record({
  verb: fc.constantFrom(
    'data.export',
    'data.read',
    'model.invoke',
    'model.train',
    'iam.grant',
    'file.write',
    'shell.exec',
  ),
  groups: fc.subarray([...agentGroups]),
  risk: fc.integer({ min: 25, max: 35 }),
  rows: fc.option(fc.integer({ min: 998, max: 1003 }), { nil: undefined }),
  environment: fc.constantFrom('prod', 'dev'),
  classes: fc.subarray(['public', 'financial', 'confidential', 'pii']),
  outside: fc.option(fc.boolean(), { nil: undefined }),
  external: fc.option(fc.boolean(), { nil: undefined }),
  dataset: fc.constantFrom('finance.orders', 'ml.training', 'strange'),
})
type Circumstances = typeof circumstances extends fc.Arbitrary<infer Value> ? Value : never

const asQuestion = ({ verb, groups, risk, rows, environment, classes, outside, external, dataset }: Circumstances) =>
  questionOf({
    action: { verb, environment },
    agent: { groups },
    resource: { kind: 'dataset', name: dataset },
    context: {
      risk,
      measures: rows === undefined ? {} : { rows },
      dataUse: {
        reads: [],
        writes: [],
        classes,
        sensitive: classes.length > 1,
        ...(outside !== undefined && { destination: { name: 'd', outside, known: true } }),
        ...(external !== undefined && { model: { name: external ? 'gpt-x' : 'in-house-7b', external, known: true } }),
      },
    },
  })

const strictness = { allow: 0, ask: 1, deny: 2 }

describe('laws', () => {
  it('adding a forbid never makes an answer looser', () => {
    const forbids = set.policies.filter(({ kind }) => kind !== 'allowance').map(({ id }) => id)
    fc.assert(
      fc.property(circumstances, fc.subarray(forbids, { minLength: 1 }), (one, absent) => {
        const question = asQuestion(one)
        const [added, ...still] = absent
        const before = decide(set.without(absent), [question], one.risk)
        const after = decide(set.without(still), [question], one.risk)
        expect(strictness[after.kind], `with ${added}`).toBeGreaterThanOrEqual(strictness[before.kind])
      }),
      { numRuns: 40 },
    )
  })

  it('a slice answers like the whole set', () => {
    fc.assert(
      fc.property(circumstances, fc.constantFrom('auto' as const, 'approvable' as const), (one, which) => {
        const question = asQuestion(one)
        expect(set.evaluate(which, question)).toEqual(whole.evaluate(which, question))
      }),
      { numRuns: 60 },
    )
  })
  let whole: CedarPolicySet
  beforeAll(async () => {
    const unsliced = new Map([...samples.slices.keys()].map((action) => [action, samples.notes]))
    whole = await loadPolicySet({ ...samples, slices: unsliced }, loading)
  })

  it('a remembered answer is the answer', async () => {
    let now = 0
    const forgetful = await loadPolicySet(samples, { ...loading, clock: { now: () => (now += 5000) } })
    fc.assert(
      fc.property(fc.array(circumstances, { minLength: 1, maxLength: 8 }), (several) => {
        for (const one of [...several, ...several]) {
          const question = asQuestion(one)
          expect(set.evaluate('auto', question)).toEqual(forgetful.evaluate('auto', question))
        }
      }),
      { numRuns: 30 },
    )
  })
})
