import type { Obligation } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Evaluation, PolicyNote, PolicyQuestion, PolicySet } from '../ports.ts'
import { decide } from './decide.ts'

const note = (id: string, kind: PolicyNote['kind'], more: Partial<PolicyNote> = {}): PolicyNote => ({
  id,
  kind,
  doc: `What ${id} is for.`,
  owner: 'security',
  control: undefined,
  text: '',
  signOff: undefined,
  obligations: [],
  ...more,
})

const signOff = (id: string, more: Partial<NonNullable<PolicyNote['signOff']>> = {}): PolicyNote =>
  note(id, 'sign-off', {
    signOff: {
      id,
      doc: `What ${id} is for.`,
      owner: 'security',
      quorum: 1,
      from: ['dba'],
      timeoutMs: 900_000,
      validMs: 900_000,
      assurance: undefined,
      reasonRequired: false,
      purposeRequired: false,
      distinct: false,
      enforcingOnly: false,
      ...more,
    },
  })

const mask: Obligation = { kind: 'mask', fields: ['*.ssn'] }
const limit: Obligation = { kind: 'limit', rows: 1000 }
const notes: readonly PolicyNote[] = [
  note('grant', 'allowance'),
  note('masked', 'allowance', { obligations: [mask] }),
  note('limited', 'allowance', { obligations: [limit, mask] }),
  note('never', 'prohibition'),
  signOff('ask-dba'),
  signOff('ask-passkey', { assurance: 'passkey' }),
  signOff('ask-purpose', { purposeRequired: true }),
  signOff('ask-enforcing', { enforcingOnly: true }),
]

const allow = (...by: string[]): Evaluation => ({ kind: 'allow', by })
const deny = (...by: string[]): Evaluation => ({ kind: 'deny', by })
const error: Evaluation = { kind: 'error', says: 'integer overflow' }

interface Script {
  readonly auto: Evaluation
  readonly approvable?: Evaluation
}

/** A set that answers per resource as it is told. */
const setOf = (scripts: readonly Script[]): PolicySet => ({
  version: 'v1',
  policies: notes,
  policy: (id) => notes.find((candidate) => candidate.id === id),
  couldAllow: () => true,
  evaluate(which, { resource }) {
    const script = scripts[Number(resource.name)]
    const answer = which === 'auto' ? script?.auto : script?.approvable
    if (!answer) throw new Error(`nobody was to ask ${which}`)
    return answer
  },
})

const question = (name: string, more: { mode?: 'cooperating'; purposeGiven?: boolean } = {}): PolicyQuestion => ({
  action: {
    tenant: 'default',
    gateway: 'mcp',
    mode: more.mode ?? 'enforcing',
    verb: 'data.export',
    operation: 'mcp.tools/call',
    resources: [{ kind: 'dataset', name }],
    parameters: {},
    environment: 'prod',
    agent: 'fin-bot',
  },
  resource: { kind: 'dataset', name },
  agent: { id: 'fin-bot', groups: [], owner: 'ada', team: 'finance' },
  onBehalfOf: undefined,
  context: {
    risk: 10,
    dataUse: { reads: [], writes: [], classes: [], sensitive: false },
    measures: {},
    client: 'test',
    purposeGiven: more.purposeGiven ?? false,
    changes: false,
    when: { hour: 11, weekday: 3 },
  },
})

const judge = (scripts: readonly Script[], risk = 10, more: Parameters<typeof question>[1] = {}) =>
  decide(
    setOf(scripts),
    scripts.map((_, index) => question(String(index), more)),
    risk,
  )

describe('what one resource meets (P8)', () => {
  it.each<[string, Script, string, string[]]>([
    ['a permit', { auto: allow('grant') }, 'allow', ['grant']],
    ['nothing that permits', { auto: deny() }, 'no_grant', []],
    ['a prohibition', { auto: deny('never') }, 'prohibited', ['never']],
    ['a prohibition beside a sign-off', { auto: deny('ask-dba', 'never') }, 'prohibited', ['never']],
    ['a forbid the set does not know', { auto: deny('stranger') }, 'prohibited', ['stranger']],
    ['a permit the set does not know', { auto: allow('stranger') }, 'evaluation_error', ['stranger']],
    ['an allow that rests on nothing', { auto: allow() }, 'evaluation_error', []],
    ['an error in AUTO', { auto: error }, 'evaluation_error', []],
    ['a sign-off', { auto: deny('ask-dba'), approvable: allow('grant') }, 'ask', ['ask-dba', 'grant']],
    ['a sign-off without a permit', { auto: deny('ask-dba'), approvable: deny() }, 'no_grant', []],
    ['an error in APPROVABLE', { auto: deny('ask-dba'), approvable: error }, 'evaluation_error', []],
    ['an engine that throws', { auto: deny('ask-dba') }, 'evaluation_error', []],
  ])('%s', (_, script, answer, because) => {
    const decision = judge([script])
    expect(decision.kind === 'deny' ? decision.reason : decision.kind).toBe(answer)
    expect(decision).toMatchObject({ because, policyVersion: 'v1' })
  })

  it('denies an action without a resource', () => {
    expect(judge([])).toMatchObject({ kind: 'deny', reason: 'evaluation_error' })
  })
})

describe('what several resources meet', () => {
  const allowed: Script = { auto: allow('grant') }
  const asked: Script = { auto: deny('ask-dba'), approvable: allow('masked') }
  const askedMore: Script = { auto: deny('ask-passkey', 'ask-dba'), approvable: allow('limited') }
  const refused: Script = { auto: deny() }
  const prohibited: Script = { auto: deny('never') }
  const broken: Script = { auto: error }

  it.each<[string, Script[], string]>([
    ['one asks: ask', [allowed, asked], 'ask'],
    ['one has no grant: deny', [asked, refused], 'no_grant'],
    ['one is prohibited: deny', [refused, prohibited, allowed], 'prohibited'],
    ['one errs: deny', [prohibited, broken, allowed], 'evaluation_error'],
  ])('%s', (_, scripts, answer) => {
    for (const order of [scripts, scripts.toReversed()]) {
      const decision = judge(order)
      expect(decision.kind === 'deny' ? decision.reason : decision.kind).toBe(answer)
    }
  })

  it('asks every matched sign-off once, and keeps every obligation once', () => {
    expect(judge([asked, askedMore, allowed])).toMatchObject({
      kind: 'ask',
      because: ['ask-dba', 'ask-passkey', 'grant', 'limited', 'masked'],
      obligations: [limit, mask],
      terms: { signOffs: [{ id: 'ask-dba' }, { id: 'ask-passkey' }] },
    })
  })

  it('is never looser for one more resource', () => {
    const strictness = { allow: 0, ask: 1, deny: 2 }
    const script = fc.constantFrom(allowed, asked, askedMore, refused, prohibited, broken)
    fc.assert(
      fc.property(fc.array(script, { minLength: 1, maxLength: 5 }), script, (scripts, more) => {
        expect(strictness[judge([...scripts, more]).kind]).toBeGreaterThanOrEqual(strictness[judge(scripts).kind])
      }),
    )
  })
})

describe('the assurance of a sign-off that names none', () => {
  const scripts: Script[] = [{ auto: deny('ask-dba', 'ask-passkey'), approvable: allow('grant') }]
  const assurances = (risk: number) => {
    const decision = judge(scripts, risk)
    return decision.kind === 'ask' ? decision.terms.signOffs.map(({ assurance }) => assurance) : []
  }

  it.each([
    [0, 'chat'],
    [49, 'chat'],
    [50, 'session'],
    [100, 'session'],
    [Number.NaN, 'session'],
  ])('at risk %d is %s', (risk, assurance) => {
    expect(assurances(risk)).toEqual([assurance, 'passkey'])
  })

  it('starts where the site says', () => {
    const decision = decide(setOf(scripts), [question('0')], 30, { sessionFromRisk: 30 })
    expect(decision).toMatchObject({ terms: { signOffs: [{ assurance: 'session' }, { assurance: 'passkey' }] } })
  })
})

describe('a question that could not be served', () => {
  const purpose: Script = { auto: deny('ask-purpose'), approvable: allow('grant') }
  const enforcing: Script = { auto: deny('ask-enforcing'), approvable: allow('grant') }

  it.each<[string, Script, Parameters<typeof question>[1], string]>([
    ['a purpose is required, none is given', purpose, {}, 'purpose_missing'],
    ['a purpose is required and given', purpose, { purposeGiven: true }, 'ask'],
    [
      'an enforcing gateway is required, this one cooperates (P1)',
      enforcing,
      { mode: 'cooperating' },
      'mode_not_enforcing',
    ],
    ['an enforcing gateway is required, this is one', enforcing, {}, 'ask'],
  ])('%s', (_, script, more, answer) => {
    const decision = judge([script, { auto: allow('grant') }], 10, more)
    expect(decision.kind === 'deny' ? decision.reason : decision.kind).toBe(answer)
  })
})

describe('H10: a duty that the gateway cannot keep is denied before anybody is asked', () => {
  const decided = (auto: Evaluation, enforces: (duty: Obligation) => boolean) =>
    decide(setOf([{ auto, approvable: allow('limited') }]), [question('0')], 10, { enforces })

  it.each<[string, Evaluation, (duty: Obligation) => boolean, string]>([
    ['kept', allow('limited'), () => true, 'allow'],
    ['none of them', allow('limited'), () => false, 'deny'],
    ['only one of two', allow('limited'), ({ kind }) => kind === 'mask', 'deny'],
    ['where people would be asked', deny('ask-dba'), () => false, 'deny'],
    ['nothing to keep', allow('grant'), () => false, 'allow'],
  ])('%s', (_, auto, enforces, kind) => {
    const decision = decided(auto, enforces)
    expect(decision.kind).toBe(kind)
    if (decision.kind === 'deny')
      expect(decision).toMatchObject({ reason: 'obligation_not_kept', because: ['limited'] })
  })
})
