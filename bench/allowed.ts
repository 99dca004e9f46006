/**
 * An action that policy allows at once, and the gate that it goes through: what speed is measured with, and what is
 * counted (`tests/cost.test.ts`).
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import {
  type Attempt,
  createDesk,
  createGate,
  createJudge,
  createSignal,
  type PolicyEngine,
  type Store,
} from '@countersign/core'
import { createPolicyEngine, policyDirectory } from '@countersign/policy'
import { type Agent, bySystem, Registry } from '@countersign/schema'
import { parse } from 'yaml'

export interface AllowedParts {
  readonly store: Store
  readonly registry: Registry
  /** Of the instance; each has another. */
  readonly node?: string
}

/** A gate in front of this store, with the sample policies and one agent that may read. */
export async function openAllowed({ store, registry, node = 'nod_bench' }: AllowedParts) {
  const { engine, close } = await createPolicyEngine({ ...policyDirectory('policies'), registry, agentGroups })
  if ((await store.agents.get(agent.id)) === undefined) {
    await store.commit({ facts: [{ kind: 'agent.changed', change: 'registered', by: bySystem, agent }] })
  }
  const gate = createGate({
    store,
    desk: createDesk({ store }),
    judge: judgeOf(store, engine, registry),
    policy: engine,
    node: { id: node, epoch: () => 1 },
    publicUrl: 'http://localhost:4600',
    log: () => undefined,
  })
  let row = 0
  return { pass: () => gate.pass(attempt((row += 1))), close }
}

export const sampleRegistry = async (): Promise<Registry> =>
  Registry.parse(parse(await readFile('policies/registry.yaml', 'utf8')))

export const judgeOf = (store: Store, policy: PolicyEngine, registry: Registry) =>
  createJudge({ store, policy, registry: () => registry, clock: store.clock })

export const agentGroups = ['ml-agents', 'finance-agents', 'platform-agents']

export const agent: Agent = {
  id: 'bench-bot',
  version: 1,
  name: 'Bench bot',
  owner: 'per_nobody',
  team: 'team',
  groups: ['finance-agents'],
  environment: 'prod',
  mode: 'enforce',
  status: 'active',
  keys: [{ id: 'key_bench', hash: '1'.repeat(64), createdAt: 0, expiresAt: Number.MAX_SAFE_INTEGER }],
  registeredBy: 'system',
  changedBy: 'system',
}

export function attempt(row: number, dataset = 'finance.orders'): Attempt {
  return {
    caller: {
      agent,
      credential: 'key_bench',
      onBehalfOf: undefined,
      startedBy: undefined,
      proveAgain: async () => agent,
    },
    action: {
      gateway: 'http',
      mode: 'enforcing',
      verb: 'data.read',
      operation: 'http.request',
      resources: [{ kind: 'dataset', name: dataset }],
      parameters: { method: 'GET', target: `/finance/orders/${row % 100}` },
      environment: 'prod',
    },
    context: {
      sentence: 'Read an order',
      effect: 'read',
      lineage: { reads: [{ name: dataset }], writes: [] },
      measures: {},
      purpose: undefined,
      attemptId: undefined,
      session: 'bench',
      trace: undefined,
      client: 'bench',
      destructive: false,
      observed: false,
    },
    patienceMs: 0,
    signal: createSignal().signal,
    run: async (permit) => {
      permit.begin()
      return { outcome: { kind: 'done', summary: 'ok' }, delivered: true, result: undefined }
    },
    replay: async () => undefined,
    refuse: async (refusal) => {
      throw new Error(`refused: ${refusal.kind}`)
    },
  }
}
