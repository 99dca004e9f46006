import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileOn } from './compile.ts'
import { checkPolicies } from './engine.ts'
import { agentGroups, sampleRegistry, sampleSource, sourceOf } from './fixture.ts'
import type { PolicyFile } from './problem.ts'
import { openCedarWorker, type CedarWorker } from './cedar-worker.ts'

let worker: CedarWorker
beforeAll(() => {
  worker = openCedarWorker()
})
afterAll(() => worker.close())

/** Nothing breaks this worker, so one is enough for all; what does break one goes through `checkPolicies`. */
async function problemsOf({ files }: { readonly files: readonly PolicyFile[] }) {
  const compiled = await compileOn(worker, files, { registry: sampleRegistry, agentGroups })
  return compiled.kind === 'refused' ? compiled.problems : []
}

async function candidateOf({ files }: { readonly files: readonly PolicyFile[] }) {
  const compiled = await compileOn(worker, files, { registry: sampleRegistry, agentGroups })
  if (compiled.kind === 'refused') throw new Error(compiled.problems[0]?.says)
  return compiled.candidate
}

/** One sign-off and one permit, to make mistakes in. */
const signOff = `@id("big") @owner("dba") @doc("Large exports need a look.")
@approve("1 of finance-controllers") @timeout("30m") @escalate("cfo-office after 15m")
forbid (principal, action in Action::"data.export", resource in Domain::"finance")
when { context.rows > 1000 };
`
const permit = `@id("may") @owner("dba") @doc("Finance agents may export.")
permit (principal in AgentGroup::"finance-agents", action in Action::"data.export", resource);
`
const swap = (text: string, from: string, to: string) => {
  if (!text.includes(from)) throw new Error(`the fixture has no ${from}`)
  return text.replace(from, to)
}

describe('what passes', () => {
  it('is the sample set', async () => {
    expect(await checkPolicies(sampleSource)).toMatchObject({ ok: true, problems: [] })
  })

  it('becomes notes that say who signs and for how long', async () => {
    const all = `@valid("5m") @assurance("fresh") @reason("required") @distinct("true") @purpose("required")
@mode("enforcing") @grants("allowed") @edit("forbidden") @control("SOX-12") ${signOff}`
    const masked = swap(permit, '@owner', '@mask("customers.email, *.ssn") @limit("1000 rows") @owner')
    const { notes } = await candidateOf(sourceOf(all + masked))
    expect(notes).toMatchObject([
      {
        id: 'big',
        kind: 'sign-off',
        control: 'SOX-12',
        signOff: {
          quorum: 1,
          from: ['finance-controllers'],
          timeoutMs: 1_800_000,
          validMs: 300_000,
          escalate: { to: 'cfo-office', afterMs: 900_000 },
          assurance: 'fresh',
          reasonRequired: true,
          purposeRequired: true,
          distinct: true,
          enforcingOnly: true,
        },
      },
      {
        id: 'may',
        kind: 'allowance',
        signOff: undefined,
        obligations: [
          { kind: 'mask', fields: ['customers.email', '*.ssn'] },
          { kind: 'limit', rows: 1000 },
        ],
      },
    ])
  })

  it('has a version that order and white space do not change, and meaning does', async () => {
    const version = async (...texts: string[]) =>
      (await candidateOf({ files: texts.map((text, index) => ({ name: `${index}.cedar`, text })) })).version
    const first = await version(signOff, permit)
    expect(await version(`// exports\n${permit}`, swap(signOff, '\nwhen', '\n\n  when'))).toBe(first)
    expect(await version(permit, swap(signOff, '1000', '1001'))).not.toBe(first)
    expect(await version(permit, swap(signOff, '1 of', '2 of'))).not.toBe(first)
  })
})

describe('the mistakes of authors', () => {
  const base = signOff + permit
  it.each<[string, string, string]>([
    ['an annotation is misspelt', swap(base, '@approve', '@aprove'), '@aprove is not a known annotation'],
    ['a keyword is misspelt', swap(base, 'forbid', 'forbit'), 'site.cedar:3:1'],
    ['a parameter of an approval is misspelt', swap(base, '@timeout', '@timeot'), '@timeot is not a known annotation'],
    ['the quorum is no number', swap(base, '"1 of', '"one of'), '@approve must be like'],
    [
      'an approver group does not exist',
      swap(base, '1 of finance-', '1 of finanse-'),
      'no group "finanse-controllers"',
    ],
    ['an attribute is misspelt', swap(base, 'context.rows', 'context.rws'), 'did you mean `rows`'],
    ['a number is compared with a text', swap(base, '> 1000', '> "1000"'), 'expected'],
    ['a guard is missing', swap(base, 'context.rows > 1000', 'context.destination.outside'), 'has destination'],
    ['an action is misspelt', swap(base, 'Action::"data.export"', 'Action::"data.exprot"'), 'unrecognized action'],
    ['a name in a scope is misspelt (H4)', swap(base, 'Domain::"finance"', 'Domain::"finanse"'), 'no Domain "finanse"'],
    ['an attribute is not of that type', swap(base, 'context.rows > 1000', 'resource.privileged'), 'not found'],
    ['a sign-off is written as a permit', swap(base, 'forbid', 'permit'), '@approve stands only on a forbid'],
    ['its @approve is forgotten', swap(base, '@approve("1 of finance-controllers") ', ''), '@timeout stands only on a'],
    ['two policies share an id', swap(base, '@id("may")', '@id("big")'), 'the id "big" is taken'],
  ])('%s', async (_, text, says) => {
    const problems = await problemsOf(sourceOf(text))
    expect(problems.map((one) => `${one.file}:${one.line}:${one.column} ${one.says}`).join('\n')).toContain(says)
  })
})

describe('what else is refused', () => {
  const of = (effect: string, conditions = '', words = '@id("x") @owner("dba") @doc("…")') =>
    `${words} ${effect} (principal, action, resource)${conditions};`
  const ask = (words: string) =>
    of('forbid', '', `@id("x") @owner("dba") @doc("…") @approve("1 of cfo-office") ${words}`)
  it.each<[string, string, string]>([
    ['no id', of('permit', '', '@owner("dba") @doc("…")'), '@id("…") is missing'],
    ['no owner', of('permit', '', '@id("x") @doc("…")'), '@owner("…") is missing'],
    ['no doc', of('permit', '', '@id("x") @owner("dba")'), '@doc("…") is missing'],
    ['an empty doc', of('permit', '', '@id("x") @owner("dba") @doc("  ")'), '@doc must not be empty'],
    ['an id with capitals', of('permit', '', '@id("X") @owner("dba") @doc("…")'), '@id must be a name'],
    [
      'a mask on a forbid',
      of('forbid', '', '@id("x") @owner("d") @doc("…") @mask("a.b")'),
      '@mask stands only on a permit',
    ],
    [
      'a mask without a column',
      of('permit', '', '@id("x") @owner("d") @doc("…") @mask("email")'),
      '@mask must be like',
    ],
    ['a limit of nothing', of('permit', '', '@id("x") @owner("d") @doc("…") @limit("0 rows")'), '@limit must be like'],
    ['a duration of words', ask('@timeout("an hour")'), '@timeout must be a duration'],
    ['a duration of years', ask('@valid("31d")'), '@valid must be a duration'],
    ['an escalation to nobody', ask('@escalate("cfo-ofice after 5m")'), 'no group "cfo-ofice"'],
    ['an escalation without a time', ask('@escalate("cfo-office")'), '@escalate must be like'],
    ['an escalation that comes too late', ask('@timeout("5m") @escalate("cfo-office after 5m")'), 'comes too late'],
    ['an unheard-of assurance', ask('@assurance("strong")'), '@assurance must be one of'],
    ['reasons that are optional', ask('@reason("optional")'), '@reason can only be "required"'],
    ['a word without a value', ask('@distinct'), '@distinct can only be "true"'],
    ['a group named twice', ask('').replace('1 of cfo-office', '2 of cfo-office, cfo-office'), '@approve must be like'],
    ['a quorum of none', ask('').replace('1 of', '0 of'), '@approve must be like'],
    ['a void annotation', ask('@requester("allowed")'), '@requester is not a known annotation'],
    ['a template', '@id("x") @owner("d") @doc("…") permit (principal == ?principal, action, resource);', 'template'],
    ['a policy that can never match', of('forbid', ' when { false }'), 'impossible'],
    [
      'a scope that can never match',
      of('permit').replace('principal,', 'principal in Group::"cfo-office",'),
      'impossible',
    ],
    ['a family with ==', of('permit').replace('action,', 'action == Action::"reads",'), '"reads" has members'],
    [
      'an agent group nobody listed',
      of('permit').replace('principal,', 'principal in AgentGroup::"ml",'),
      'no AgentGroup "ml"',
    ],
    ['a dataset nobody registered', of('forbid').replace('resource)', 'resource == Dataset::"x")'), 'no Dataset "x"'],
    [
      'a group in a condition',
      of('forbid', ' unless { context has on_behalf_of && context.on_behalf_of in Group::"dbas" }'),
      'no Group "dbas"',
    ],
    [
      'a class that does not exist',
      of('forbid', ' when { context.lineage.classes.contains("pyi") }'),
      '"pyi" is none of',
    ],
    [
      'one of several classes',
      of('forbid', ' when { ["pii", "pyi"].containsAny(context.lineage.classes) }'),
      '"pyi" is none of',
    ],
    ['a mode', of('forbid', ' when { context.mode == "enforced" }'), '"enforced" is none of'],
    [
      'a destination',
      of('forbid', ' when { context has destination && context.destination.name != "sftp" }'),
      '"sftp" is none of',
    ],
    [
      'the owner’s groups',
      of('forbid', ' when { principal.owner in Group::"cfo-office" }'),
      'principal.owner can only be compared',
    ],
    ['look-alike letters', of('forbid', ' when { context.env == "prоd" }'), 'mixed scripts'],
    ['a float', of('forbid', ' when { context.rows > 0.5 }'), 'site.cedar'],
    [
      'a second policy without its end',
      `${of('permit')} @id("y") permit (principal, action, resource)`,
      'site.cedar:1:',
    ],
    ['a stray bracket', `${of('permit')} )`, 'site.cedar:1:'],
    ['a text that does not end', '@id("x', 'site.cedar:1:'],
    ['nothing at all', '// nothing', 'there are no policies'],
  ])('%s', async (_, text, says) => {
    const problems = await problemsOf(sourceOf(text))
    expect(problems.map((one) => `${one.file}:${one.line}:${one.column} ${one.says}`).join('\n')).toContain(says)
  })

  it('says where, counting characters as editors do', async () => {
    const text = `// Größe ✍🏽\n${permit}\n@doc("ü🙂") @id("x") @owner("d") forbid (principal, action, resource)\n  when { "ü🙂" == context.rws };`
    expect(await problemsOf(sourceOf(text))).toMatchObject([{ file: 'site.cedar', line: 6, column: 19, policy: 'x' }])
  })

  it('is not confused by comments and texts with brackets, semicolons and quotes', async () => {
    const text = `// ( ; "\r@id("x") @owner("d") @doc("a ; \\" ( b // c")\npermit (principal, action, resource); // } ; {`
    expect(await problemsOf(sourceOf(text))).toEqual([])
  })

  it('tells all problems of all files at once, in order', async () => {
    const other = { name: 'other.cedar', text: `\n${permit.replace('@doc("Finance agents may export.")', '')}` }
    const problems = await problemsOf(sourceOf(swap(signOff, '1000', 'context.rws'), other))
    expect(problems.map(({ file, line }) => [file, line])).toEqual([
      ['other.cedar', 2],
      ['site.cedar', 4],
    ])
  })
})

describe('a site’s own schema', () => {
  const operations = (text: string) => ({ name: 'site.cedarschema', text })
  const member =
    'action "mcp.tools/call" in ["tool.call"] appliesTo { principal: [Agent], resource: [Tool], context: Asked };'

  it('adds operations as members of a verb, and == then no longer names the verb', async () => {
    expect(await problemsOf(sourceOf(permit, operations(member)))).toEqual([])
    const equal = '@id("x") @owner("d") @doc("…") forbid (principal, action == Action::"tool.call", resource);'
    expect(await problemsOf(sourceOf(equal))).toEqual([])
    expect(await problemsOf(sourceOf(equal, operations(member)))).toMatchObject([{ policy: 'x' }])
  })

  it('cannot redefine what Countersign relies on', async () => {
    const problems = await problemsOf(sourceOf(permit, operations('entity Agent;')))
    expect(problems).toMatchObject([{ file: 'site.cedarschema' }])
  })
})

describe('text that would break the engine (H2)', () => {
  const when = (condition: string) =>
    `@id("x") @owner("d") @doc("…") forbid (principal, action, resource) when { ${condition} };`
  const times = (count: number, part: string, joint = '') => Array<string>(count).fill(part).join(joint)
  it.each<[string, string]>([
    ['200 brackets', `${times(200, '(')}true${times(200, ')')}`],
    ['100,000 brackets', `${times(100_000, '[')}`],
    ['a chain of 400 ands', times(400, 'context.purpose', ' && ')],
    ['a chain of 400 pluses', `${times(400, '1', ' + ')} > 1`],
    ['a chain of 1,000 ifs', `${times(1000, 'if true then true else ')}true`],
    ['400 steps into a record', `context${times(400, '.env')} == "x"`],
    ['one policy of 40 KB', `context.env == "${times(40_000, 'x')}"`],
  ])('is refused: %s', async (_, condition) => {
    const { ok, problems } = await checkPolicies(sourceOf(`${permit}${when(condition)}`))
    expect(ok).toBe(false)
    expect(problems.length).toBeGreaterThan(0)
  })

  it('is refused in bulk as well', async () => {
    const many = Array.from({ length: 2001 }, (_, index) => permit.replace('may', `may${index}`)).join('')
    expect(await problemsOf(sourceOf(many))).toMatchObject([{ says: 'more than 2000 policies' }])
    expect(await problemsOf(sourceOf(`//${'x'.repeat(2 << 20)}`))).toMatchObject([
      { says: expect.stringContaining('bytes') },
    ])
  })

  it('is refused long before Cedar itself would notice, which is when it evaluates', async () => {
    const chain = (count: number) => problemsOf(sourceOf(permit + when(times(count, 'context.purpose', ' && '))))
    expect(await chain(30)).toEqual([])
    expect(await chain(60)).toMatchObject([{ policy: 'x', says: expect.stringContaining('steps deep') }])
  })

  it('does not count what is long but flat', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `"env-${index}"`).join(', ')
    expect(await problemsOf(sourceOf(permit + when(`[${names}].contains(context.env)`)))).toEqual([])
  })
})
