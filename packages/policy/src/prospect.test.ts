import { decide, type Prospect } from '@countersign/core'
import { type Resource, Verb } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actionTreeOf } from './actions.ts'
import { openCedar } from './cedar.ts'
import { countersignSchema } from './cedarschema.ts'
import { compile } from './compile.ts'
import { agentGroups, questionOf, sampleRegistry, sampleSource } from './fixture.ts'
import { couldAllow, type ReadPolicy } from './prospect.ts'
import { cedarQuestion } from './question.ts'
import { loadPolicySet } from './set.ts'

const cedar = openCedar()
cedar.preparseSchema('countersign', countersignSchema)

const operation =
  'action "mcp.tools/call" in ["tool.call"] appliesTo { principal: [Agent], resource: [Tool], context: Asked };'

function treeOf(schema: string) {
  const read = cedar.schemaToJson(schema)
  if (read.type === 'failure') throw new Error(JSON.stringify(read.errors))
  return actionTreeOf(read.json)
}
const tree = treeOf(countersignSchema)
const siteTree = treeOf(`${countersignSchema}\n${operation}`)

function read(policy: string): ReadPolicy {
  const { type, ...answer } = cedar.policyToJson(`${policy};`)
  if (type === 'failure' || !('json' in answer)) throw new Error(JSON.stringify(answer))
  const { effect, annotations } = answer.json
  return {
    json: answer.json,
    kind: effect === 'permit' ? 'allowance' : annotations?.approve ? 'sign-off' : 'prohibition',
  }
}

const tool: Resource = { kind: 'tool', name: 'crm/search' }

const prospectOf = ({ agent, ...changes }: { agent?: object } & Partial<Omit<Prospect, 'agent'>> = {}): Prospect => ({
  verb: 'tool.call',
  operation: 'mcp.tools/call',
  gateway: 'mcp',
  mode: 'enforcing',
  environment: 'prod',
  resource: tool,
  ...changes,
  agent: { id: 'ops-bot', groups: ['platform-agents'], owner: 'dana', team: 'platform', ...agent },
})

describe('what an agent could be let do, whatever the arguments', () => {
  const may = 'permit (principal, action, resource)'
  it.each<[string, string, boolean]>([
    ['everything is permitted', may, true],
    ['another group is permitted', 'permit (principal in AgentGroup::"ml-agents", action, resource)', false],
    ['its group is permitted', 'permit (principal in AgentGroup::"platform-agents", action, resource)', true],
    ['it is named', 'permit (principal == Agent::"ops-bot", action, resource)', true],
    ['another is named', 'permit (principal == Agent::"x", action, resource)', false],
    ['another verb is permitted', 'permit (principal, action in Action::"reads", resource)', false],
    ['the family of the verb is permitted', 'permit (principal, action in Action::"calls", resource)', true],
    [
      'a list of verbs is permitted',
      'permit (principal, action in [Action::"reads", Action::"calls"], resource)',
      true,
    ],
    ['another tool is permitted', 'permit (principal, action, resource == Tool::"crm/delete")', false],
    ['only datasets are permitted', 'permit (principal, action, resource is Dataset)', false],
    ['what lies in a domain is permitted', 'permit (principal, action, resource in Domain::"finance")', false],
    ['another environment is permitted', `${may} when { context.env == "dev" }`, false],
    ['this environment is excepted', `${may} unless { context.env == "prod" }`, false],
    [
      'another gateway is permitted',
      `${may} when { context.gateway == "http" || context.mode == "cooperating" }`,
      false,
    ],
    ['a low risk is permitted', `${may} when { context.risk < 10 }`, true],
    ['someone in particular is permitted', `${may} when { context has on_behalf_of }`, true],
    ['its owner’s agents are permitted', `${may} when { principal.owner == User::"dana" }`, true],
    ['another team’s agents are permitted', `${may} when { principal.team == Group::"finance-systems" }`, false],
    ['it is permitted now or never', `${may} when { if context.env == "dev" then true else false }`, false],
    ['it is permitted by the hour', `${may} when { if context.when.hour > 8 then true else false }`, true],
    ['people lift what is forbidden', `${may}; @approve("1 of platform") forbid (principal, action, resource)`, true],
    ['everything is forbidden', `${may}; forbid (principal, action, resource)`, false],
    [
      'this agent’s groups are forbidden',
      `${may}; forbid (principal in AgentGroup::"platform-agents", action, resource)`,
      false,
    ],
    [
      'this gateway is forbidden',
      `${may}; forbid (principal, action, resource) when { context.gateway == "mcp" }`,
      false,
    ],
    ['a high risk is forbidden', `${may}; forbid (principal, action, resource) when { context.risk > 10 }`, true],
    [
      'all but one tool is forbidden',
      `${may}; forbid (principal, action, resource) unless { resource == Tool::"crm/search" }`,
      true,
    ],
    [
      'this tool is forbidden',
      `${may}; forbid (principal, action, resource) when { resource is Tool && resource in [Tool::"crm/search"] }`,
      false,
    ],
    ['a certain refusal stands beside a doubt', `${may} when { context.risk < 10 && context.env == "dev" }`, false],
  ])('where %s', (_, policies, expected) => {
    const set = policies.split('; ').map(read)
    expect(couldAllow(set, prospectOf(), sampleRegistry, tree)).toBe(expected)
    expect(couldAllow(set, prospectOf(), sampleRegistry, siteTree)).toBe(expected)
  })

  it.each<[string, Resource | undefined, boolean]>([
    ['a dataset of the domain', { kind: 'dataset', name: 'finance.orders' }, true],
    ['a dataset of another', { kind: 'dataset', name: 'ml.training' }, false],
    ['what the arguments say', undefined, true],
  ])('where a domain is permitted, and it touches %s', (_, resource, expected) => {
    const set = [read('permit (principal, action, resource in Domain::"finance")')]
    expect(couldAllow(set, prospectOf({ resource }), sampleRegistry, tree)).toBe(expected)
  })
})

describe('a law: whatever is allowed or asked about could be allowed', () => {
  /** Conditions of every kind that can be certain, and of some that cannot. */
  const atoms = [
    'context.env == "prod"',
    'context.env != "dev"',
    'context.gateway == "mcp"',
    'context.mode == "enforcing"',
    'principal in AgentGroup::"ml-agents"',
    'principal.owner == User::"dana"',
    'principal in [AgentGroup::"platform-agents", AgentGroup::"finance-agents"]',
    'action in Action::"calls"',
    'action in [Action::"reads", Action::"changes"]',
    'resource is Tool',
    'resource == Tool::"crm/search"',
    'resource in Domain::"finance"',
    'resource is Dataset in Domain::"finance"',
    'context.risk < 30',
    'context.rows > 1000',
    'context has model',
    'context.lineage.sensitive',
    'true',
    'false',
  ]
  const scopes = {
    principal: [
      'principal',
      'principal in AgentGroup::"finance-agents"',
      'principal == Agent::"ops-bot"',
      'principal is Agent',
    ],
    action: ['action', 'action in Action::"calls"', 'action in [Action::"data.export", Action::"file.write"]'],
    resource: ['resource', 'resource is Tool', 'resource in Domain::"finance"', 'resource == Tool::"crm/search"'],
  }
  const grammar = fc.letrec<{ condition: string }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      fc.constantFrom(...atoms),
      tie('condition').map((one) => `!(${one})`),
      fc.tuple(tie('condition'), tie('condition')).map(([one, other]) => `(${one} && ${other})`),
      fc.tuple(tie('condition'), tie('condition')).map(([one, other]) => `(${one} || ${other})`),
      fc
        .tuple(tie('condition'), tie('condition'), tie('condition'))
        .map(([asked, then, otherwise]) => `(if ${asked} then ${then} else ${otherwise})`),
    ),
  }))
  const policy = fc
    .record({
      head: fc.constantFrom('permit', 'permit', 'forbid', '@approve("1 of agent-team") forbid'),
      principal: fc.constantFrom(...scopes.principal),
      action: fc.constantFrom(...scopes.action),
      resource: fc.constantFrom(...scopes.resource),
      clause: fc.constantFrom('when', 'unless'),
      condition: grammar.condition,
    })
    .map(
      ({ head, principal, action, resource, clause, condition }) =>
        `${head} (${principal}, ${action}, ${resource}) ${clause} { ${condition} }`,
    )

  const question = fc.record({
    verb: fc.constantFrom(...Verb.options),
    groups: fc.subarray([...agentGroups]),
    id: fc.constantFrom('ops-bot', 'fin-bot'),
    owner: fc.constantFrom('dana', 'eve'),
    environment: fc.constantFrom('prod', 'dev'),
    gateway: fc.constantFrom('mcp', 'http'),
    resource: fc.constantFrom<Resource>(
      tool,
      { kind: 'tool', name: 'crm/delete' },
      { kind: 'dataset', name: 'finance.orders' },
      { kind: 'file', name: '/etc/passwd' },
    ),
    risk: fc.integer({ min: 0, max: 100 }),
    rows: fc.option(fc.nat(5000), { nil: undefined }),
    sensitive: fc.boolean(),
    model: fc.boolean(),
  })

  type Drawn = typeof question extends fc.Arbitrary<infer Value> ? Value : never

  const askedOf = ({ verb, groups, id, owner, environment, gateway, resource, ...drawn }: Drawn) => {
    const agent = { id, groups, owner, team: 'platform' }
    const model = drawn.model && { model: { name: 'gpt', external: true, known: false } }
    const asked = questionOf({
      agent,
      resource,
      action: { verb, environment, gateway, agent: id, resources: [resource] },
      context: {
        risk: drawn.risk,
        measures: drawn.rows === undefined ? {} : { rows: drawn.rows },
        dataUse: { ...questionOf().context.dataUse, sensitive: drawn.sensitive, ...model },
      },
    })
    return { asked, prospect: prospectOf({ agent, verb, environment, gateway, resource }) }
  }

  it('by Cedar’s own word, whether the resource is known or not', () => {
    const seen = { allowed: 0, hidden: 0 }
    const policies = fc.array(policy, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(policies, question, (texts, drawn) => {
        const { asked, prospect } = askedOf(drawn)
        const set = texts.map(read)
        const unliftable = texts.filter((text) => !text.startsWith('@approve'))
        const staticPolicies = Object.fromEntries(unliftable.map((text, at) => [`p${at}`, `${text};`]))
        cedar.preparsePolicySet('drawn', { staticPolicies })
        const answer = cedar.statefulIsAuthorized({
          ...cedarQuestion(asked, sampleRegistry, tree),
          preparsedSchemaName: 'countersign',
          preparsedPolicySetId: 'drawn',
        })
        const { response } = answer.type === 'success' ? answer : {}
        const open = response?.decision === 'allow' && response.diagnostics.errors.length === 0
        const listed = [prospect, { ...prospect, resource: undefined }].map((each) =>
          couldAllow(set, each, sampleRegistry, tree),
        )
        seen.allowed += open ? 1 : 0
        seen.hidden += listed[0] ? 0 : 1
        if (open) expect(listed).toEqual([true, true])
      }),
      { numRuns: 400 },
    )
    expect(seen.allowed, 'the law has something to say').toBeGreaterThan(10)
    expect(seen.hidden, 'and is not kept by showing everything').toBeGreaterThan(10)
  })

  it('by Countersign’s own word, with the sample policies', async () => {
    const compiled = await compile(await sampleSource.files(), { registry: sampleRegistry, agentGroups })
    if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems))
    const set = await loadPolicySet(compiled.candidate, { registry: sampleRegistry, clock: { now: () => 0 } })
    expect(set.couldAllow(prospectOf())).toBe(true)
    expect(set.couldAllow(prospectOf({ agent: { groups: ['ml-agents'] } }))).toBe(false)
    expect(set.without(['platform-work']).couldAllow(prospectOf())).toBe(false)
    fc.assert(
      fc.property(question, (drawn) => {
        const { asked, prospect } = askedOf(drawn)
        if (decide(set, [asked], drawn.risk).kind !== 'deny') expect(set.couldAllow(prospect)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
