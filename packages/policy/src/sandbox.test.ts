import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPolicyEngine, type Policies } from './engine.ts'
import { sampleSource, sampleText } from './fixture.ts'
import type { PolicyFile } from './problem.ts'
import { createSandbox, type Sandbox } from './sandbox.ts'

let policies: Policies
let sandbox: Sandbox
let files: readonly PolicyFile[]
beforeAll(async () => {
  policies = await createPolicyEngine(sampleSource)
  sandbox = createSandbox({
    engine: policies.engine,
    source: sampleSource,
    cases: () => sampleText('cases.yaml'),
  })
  files = await sandbox.files()
})
afterAll(() => policies.close())

const edited = (change: (text: string) => string) => files.map(({ name, text }) => ({ name, text: change(text) }))

describe('a candidate', () => {
  it('that is the set in force changes nothing', async () => {
    expect(await sandbox.tryOut(files)).toMatchObject({
      kind: 'passed',
      version: policies.engine.active().version,
      added: [],
      removed: [],
      changed: [],
      differences: [],
      report: { ok: true },
    })
  })

  it('without a sign-off shows which cases would no longer wait, and is not put in force', async () => {
    const version = policies.engine.active().version
    const tried = await sandbox.tryOut(edited((text) => text.replace(/@id\("finance-export-signoff"\)[^;]*;/, '')))
    expect(tried).toMatchObject({ kind: 'passed', removed: ['finance-export-signoff'], added: [], changed: [] })
    const found = tried.kind === 'passed' ? tried.differences : []
    expect(found).toContainEqual({
      name: 'A large one waits for a finance controller',
      expected: 'ask: finance-export-signoff',
      now: 'ask: finance-export-signoff',
      would: 'allow',
    })
    expect(policies.engine.active().version).toBe(version)
  })

  it('that does not pass says where, in line and column', async () => {
    const [file] = files
    const tried = await sandbox.tryOut([
      { name: 'mine.cedar', text: `${file?.text}\npermit (principal, axtion, resource);` },
    ])
    const line = (file?.text.split('\n').length ?? 0) + 1
    expect(tried).toMatchObject({ kind: 'refused', problems: [{ file: 'mine.cedar', line }] })
  })

  it('takes its turn: two at once both get their answer', async () => {
    const [one, other] = await Promise.all([sandbox.tryOut([]), sandbox.tryOut(files)])
    expect([one.kind, other.kind]).toEqual(['refused', 'passed'])
  })
})

describe('the sandbox', () => {
  const cast = {
    agents: { 'fin-bot': { groups: ['finance-agents'], owner: 'dana', team: 'finance-systems' } },
    people: {},
  }

  it('explains an action that somebody wrote down', () => {
    const text =
      '{ agent: fin-bot, verb: data.export, resource: dataset finance.orders, destination: "s3://own-reports", rows: 48211 }'
    const [question] = sandbox.questions(text, cast)
    if (!question) throw new Error('no question')
    expect(sandbox.explain(question)).toMatchObject({
      decision: { kind: 'ask' },
      changes: expect.arrayContaining([{ change: 'with rows 1000', answer: 'allow' }]),
    })
  })

  it.each([
    ['an agent nobody registered', '{ agent: stranger, verb: data.read, resource: dataset a.b }'],
    ['a misspelt circumstance', '{ agent: fin-bot, verb: data.read, resource: dataset a.b, row: 5 }'],
    ['no YAML', '{'],
  ])('refuses %s', (_, text) => {
    expect(() => sandbox.questions(text, cast)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_INVALID' }))
  })

  it('runs the cases of the site, and says where each policy is written', async () => {
    expect(await sandbox.test()).toMatchObject({ ok: true, untested: [] })
    const note = policies.engine.active().policy('finance-export-signoff')
    const written = files.find(({ name }) => name === note?.source?.file)?.text.split('\n') ?? []
    expect(written.slice((note?.source?.line ?? 0) - 1, note?.source?.lastLine).join('\n')).toMatch(
      /^@id\("finance-export-signoff"\)[^]*;$/,
    )
  })
})
