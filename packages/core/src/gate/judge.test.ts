import { type Agent, type Effect, type Lineage, Registry } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { seal } from '../action/seal.ts'
import { createJudge } from './judge.ts'
import type { Attempt, PolicySet } from '../ports.ts'

let by = 'all'
const allows: PolicySet = {
  version: 'v1',
  policies: [],
  policy: (id) => ({
    id,
    doc: '',
    owner: 'o',
    control: undefined,
    kind: 'allowance',
    text: '',
    signOff: undefined,
    obligations: id === 'masked' ? [{ kind: 'mask', fields: ['crm.email'] }] : [],
  }),
  evaluate: (_, { asChange }) => (asChange ? { kind: 'deny', by: ['never-changes'] } : { kind: 'allow', by: [by] }),
  couldAllow: () => true,
}
const agent: Agent = {
  id: 'bot',
  version: 1,
  name: 'Bot',
  environment: 'prod',
  owner: 'per_a',
  team: 't',
  groups: [],
  status: 'active',
  mode: 'enforce',
  keys: [],
  registeredBy: 'per_a',
  changedBy: 'per_a',
}
const judge = createJudge({
  store: {
    people: { get: async () => undefined },
    actions: { seen: async () => true },
  } as unknown as Parameters<typeof createJudge>[0]['store'],
  policy: { active: () => allows },
  registry: () => Registry.parse({ datasets: { 'crm.customers': { domain: 'crm', classes: ['pii'] } } }),
  clock: { now: () => 0 },
})

const judged = (name: string, lineage: Lineage = {}, effect: Effect = 'read', more: Partial<Attempt> = {}) => {
  const sealed = seal({
    tenant: 'default',
    agent: 'bot',
    gateway: 'http',
    mode: 'enforcing',
    environment: 'prod',
    operation: 'x',
    verb: 'data.export',
    resources: [{ kind: 'dataset', name }],
    parameters: {},
  })
  const context: Attempt['context'] = {
    sentence: 'x',
    effect,
    lineage,
    measures: {},
    purpose: undefined,
    attemptId: undefined,
    session: 's',
    trace: undefined,
    client: 'c',
    destructive: false,
    observed: false,
  }
  return judge(
    sealed,
    {
      caller: { agent, credential: 'k', onBehalfOf: undefined, startedBy: undefined, proveAgain: async () => agent },
      context,
      ...more,
    },
    { agent, onBehalfOf: undefined },
  )
}

describe('A1: what an action is said to touch is looked at in the words of the registry', () => {
  it('as registered', async () => {
    expect((await judged('crm.customers')).decision.kind).toBe('allow')
  })

  it.each<[string, Lineage]>([
    ['CRM.customers', {}],
    ['x', { reads: [{ name: 'crm.customers ' }] }],
  ])('%s is refused where it is another spelling', async (name, lineage) => {
    await expect(judged(name, lineage)).rejects.toMatchObject({ code: 'ERR_INPUT_INVALID' })
  })
})

describe('A6: what changes something by its effect is held to what holds for changes', () => {
  it.each<[Effect, string]>([
    ['read', 'allow'],
    ['write', 'deny'],
    ['delete', 'deny'],
    ['grant', 'deny'],
    ['deploy', 'deny'],
  ])('%s: %s', async (effect, expected) => {
    expect((await judged('crm.customers', {}, effect)).decision.kind).toBe(expected)
  })
})

describe('H10: a duty that the gateway does not say it can keep is denied before anybody is asked', () => {
  it.each<[string, Partial<Attempt>, string]>([
    ['it says nothing', {}, 'deny'],
    ['it cannot', { enforces: () => false }, 'deny'],
    ['it can', { enforces: ({ kind }) => kind === 'mask' }, 'allow'],
  ])('%s: %s', async (_, more, expected) => {
    by = 'masked'
    try {
      expect((await judged('crm.customers', {}, 'read', more)).decision.kind).toBe(expected)
    } finally {
      by = 'all'
    }
  })
})
