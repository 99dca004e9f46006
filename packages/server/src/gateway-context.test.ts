import { afterEach, expect, it } from 'vitest'
import { type Caller, createConcerns, createDesk, createPins, type Gate, type PolicyEngine } from '@countersign/core'
import { createRig, type Rig } from './api/rig/rig.ts'
import { createGatewayContext } from './gateway-context.ts'

const rigs: Rig[] = []
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close()
})

it('a question is told only to the agent that asked, acting for the person it asked for', async () => {
  const rig = await createRig()
  rigs.push(rig)
  const agent = await rig.agent(await rig.person('owner'))
  const { id } = await rig.ask(agent)
  const { services } = createGatewayContext({
    store: rig.store,
    desk: createDesk({ store: rig.store }),
    gate: {} as Gate,
    policy: {} as PolicyEngine,
    pins: createPins({ store: rig.store }),
    key: new Uint8Array(32),
    publicUrl: 'http://localhost:4600',
    concerns: createConcerns({ clock: rig.clock, log: () => undefined }),
    identify: async () => caller({}),
    mount: () => undefined,
    log: () => undefined,
  })
  const caller = (over: Partial<Caller>): Caller => ({
    agent,
    credential: 'key_1',
    onBehalfOf: undefined,
    startedBy: undefined,
    proveAgain: async () => agent,
    ...over,
  })
  const ask = (over: Partial<Caller>) => services.question(id, caller(over), 0, new AbortController().signal)

  expect(await ask({})).toMatchObject({ approval: id, state: 'open' })
  const unknown = { code: 'ERR_APPROVAL_UNKNOWN' }
  await expect(ask({ agent: { ...agent, id: 'another' } })).rejects.toMatchObject(unknown)
  await expect(ask({ onBehalfOf: 'per_someone' })).rejects.toMatchObject(unknown)
})

it('C4: keys of one deployment are the same on every instance, and others for every purpose', async () => {
  const rig = await createRig()
  rigs.push(rig)
  const hallOf = (key: number) =>
    createGatewayContext({
      store: rig.store,
      desk: createDesk({ store: rig.store }),
      gate: {} as Gate,
      policy: {} as PolicyEngine,
      pins: createPins({ store: rig.store }),
      key: new Uint8Array(32).fill(key),
      publicUrl: 'http://localhost:4600',
      concerns: createConcerns({ clock: rig.clock, log: () => undefined }),
      identify: async () => Promise.reject(new Error('nobody')),
      mount: () => undefined,
      log: () => undefined,
    }).services
  const keys = [hallOf(1).key('a'), hallOf(1).key('a'), hallOf(1).key('b'), hallOf(2).key('a')]
  expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(3)
  expect(keys[0]).toEqual(keys[1])
  expect(keys[0]).toHaveLength(32)
})
