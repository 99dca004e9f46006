import { decide } from '@countersign/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testPolicies } from './cases.ts'
import { createPolicyEngine, type Policies } from './engine.ts'
import { explain } from './explain.ts'
import { type Changes, questionOf, sampleSource, sampleText } from './fixture.ts'

let policies: Policies
beforeAll(async () => {
  policies = await createPolicyEngine(sampleSource)
})
afterAll(() => policies.close())

const given =
  '{ agent: a, verb: data.export, resource: dataset finance.orders, destination: s3://own-reports, rows: 5 }'
const casesOf = (...cases: string[]) =>
  `agents: { a: { groups: [finance-agents], owner: o, team: t } }\ncases:\n${cases.map((one) => `  - ${one}\n`).join('')}`
const tested = (...cases: string[]) => testPolicies(policies.engine.active(), casesOf(...cases))

describe('the sample policies', () => {
  it('pass their cases, and every one of them decides a case', async () => {
    const { results, untested } = testPolicies(policies.engine.active(), await sampleText('cases.yaml'))
    expect(results.filter(({ passed }) => !passed)).toEqual([])
    expect(untested).toEqual([])
  })
})

describe('mistakes that no check of the text can see, and what catches them', () => {
  const withText = async (change: (text: string) => string) => {
    const files = await Promise.all(
      ['1-allowances.cedar', '2-sign-offs.cedar', '3-prohibitions.cedar'].map(async (name) => ({
        name,
        text: change(await sampleText(name)),
      })),
    )
    return createPolicyEngine({ ...sampleSource, files })
  }
  const failing = async (changed: Policies) => {
    const { results } = testPolicies(changed.engine.active(), await sampleText('cases.yaml'))
    changed.close()
    return results.filter(({ passed }) => !passed).map(({ name }) => name)
  }

  it('someone adds a broad permit: what waited for people still waits, and what was prohibited still is', async () => {
    const broad =
      '@id("broad") @owner("nobody") @doc("Everyone may do everything.")\npermit (principal, action, resource);'
    const changed = await withText(
      (text) => `${text}\n${text.includes('"reads"') && !text.includes('forbid') ? broad : ''}`,
    )
    const large = given.replace('rows: 5', 'rows: 5000')
    const { results } = testPolicies(
      changed.engine.active(),
      casesOf(
        `{ name: waits, given: ${large}, expect: { ask: [finance-export-signoff] } }`,
        `{ name: never, given: ${given.replace('finance.orders', 'ml.training').replace('s3://own-reports', 'partner-sftp')}, expect: { deny: prohibited } }`,
      ),
    )
    expect(results.map(({ passed }) => passed)).toEqual([true, true])
    expect(await failing(changed)).not.toEqual([]) // and the cases say that something was opened
  })

  it('a sign-off is deleted: the cases say so', async () => {
    const gone = (text: string) => text.replace(/@id\("finance-export-signoff"\)[^;]*;/, '')
    expect(await failing(await withText(gone))).toContain('A large one waits for a finance controller')
  })
})

describe('a case', () => {
  it.each<[string, string, boolean]>([
    ['allow, and it does', 'allow', true],
    ['ask, and it runs', 'ask', false],
    ['a sign-off by name', '{ ask: [finance-export-signoff] }', false],
    ['deny', 'deny', false],
  ])('expects %s', (_, expected, passed) => {
    expect(tested(`{ name: x, given: ${given}, expect: ${expected} }`).results).toMatchObject([
      { passed, got: 'allow' },
    ])
  })

  it('names all sign-offs or fails', () => {
    const large = given.replace('rows: 5', 'rows: 5000')
    const results = tested(
      `{ name: one, given: ${large}, expect: { ask: [finance-export-signoff] } }`,
      `{ name: none, given: ${large}, expect: ask }`,
      `{ name: too many, given: ${large}, expect: { ask: [finance-export-signoff, default-signoff] } }`,
      `{ name: why, given: ${large.replace('finance.orders', 'ml.training')}, expect: { deny: prohibited } }`,
    ).results
    expect(results.map(({ passed }) => passed)).toEqual([true, true, false, false])
  })

  it('that decides nothing leaves its policies untested', () => {
    const report = tested(`{ name: x, given: ${given}, expect: allow }`)
    expect(report.ok).toBe(false)
    expect(report.untested).toContain('iam-grant-signoff')
    expect(report.untested).not.toContain('finance-export')
  })

  it.each<[string, string]>([
    ['an agent nobody described', `{ name: x, given: ${given.replace('agent: a', 'agent: b')}, expect: allow }`],
    ['a misspelt circumstance', `{ name: x, given: ${given.replace('rows', 'row')}, expect: allow }`],
    ['a misspelt verb', `{ name: x, given: ${given.replace('export', 'exprot')}, expect: allow }`],
    ['an unheard-of answer', `{ name: x, given: ${given}, expect: maybe }`],
    ['no YAML', '{'],
  ])('is refused with %s', (_, one) => {
    expect(() => tested(one)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_INVALID' }))
  })
})

describe('an explanation', () => {
  const of = (changes: Changes = {}) => {
    const set = policies.engine.active()
    const question = questionOf(changes)
    const found = explain(set, question, { agentGroups: ['finance-agents', 'ml-agents'] })
    expect(found.decision).toEqual(decide(set, [question], question.context.risk))
    return { ...found, changes: found.changes.map(({ change, answer }) => `${change}: ${answer}`) }
  }

  it('of an allow says what would stop it', () => {
    const { says, policies: rests, changes } = of()
    expect(says).toContain('runs at once')
    expect(rests.map(({ id }) => id)).toEqual(['finance-export'])
    expect(changes).toEqual(['to a destination outside: ask: finance-export-signoff'])
  })

  it('of an ask says who signs, and up to where nobody would have to', () => {
    const { says, changes } = of({ context: { measures: { rows: 48_211 } } })
    expect(says).toBe('It waits for people: 1 of finance-controllers.')
    expect(changes).toEqual(['without finance-export-signoff: allow', 'with rows 1000: allow'])
  })

  it('of a deny says what is missing', () => {
    expect(of({ agent: { groups: [] } }).changes).toEqual(['the agent in finance-agents: allow'])
  })

  it('of a prohibition says so', () => {
    const dataUse = {
      ...questionOf().context.dataUse,
      classes: ['confidential'],
      destination: { name: 'partner-sftp', outside: true, known: true },
    }
    const { says, changes } = of({ context: { dataUse } })
    expect(says).toContain('nobody can lift')
    expect(changes).toEqual([
      'without training-data-stays: ask: finance-export-signoff',
      'without finance-export-signoff and training-data-stays: allow',
      'to a destination inside: allow',
    ])
  })
})
