import { byOperator } from '@countersign/schema'
import { isError } from '@countersign/core'
import { createIdentify } from '@countersign/identity'
import { createMemoryStore } from '@countersign/stores'
import { createManualClock, personChanged, samplePerson } from '@countersign/stores/conformance'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { enrolAgent } from './enrol.ts'

describe('registering an agent', () => {
  const clock = createManualClock()
  const ana = samplePerson()
  let store: ReturnType<typeof createMemoryStore>
  beforeEach(async () => {
    store = createMemoryStore({ clock })
    await store.commit({ facts: [personChanged(ana)] })
  })
  afterEach(() => store.close())

  const what = { id: 'bot', name: 'Bot', owner: ana.id, team: 'team', groups: ['bots'], environment: 'prod' }
  const codeOf = (promise: Promise<unknown>, code: Parameters<typeof isError>[1]) =>
    promise.then(
      () => false,
      (error: unknown) => code !== undefined && isError(error, code),
    )

  const knock = (token: string) =>
    createIdentify(store, clock)({ kind: 'bearer', token }, { resource: 'https://mcp.example', source: undefined })

  it('gives it a key that works, and keeps only what proves it', async () => {
    const { agent, secret } = await enrolAgent(store, { ...what, mode: 'enforce' }, byOperator)
    const caller = await knock(secret)
    expect(caller.agent).toMatchObject({ id: 'bot', owner: ana.id, registeredBy: 'operator', status: 'active' })
    expect(JSON.stringify([agent, await store.journal.read(0, 10)])).not.toContain(secret)
  })

  it('the key ends', async () => {
    const { secret } = await enrolAgent(store, { ...what, mode: 'enforce' }, byOperator, 1_000)
    clock.advance(1_001)
    expect(await codeOf(knock(secret), 'ERR_AGENT_UNKNOWN')).toBe(true)
  })

  it('needs a person who answers for it', async () => {
    const owned = (owner: string) => enrolAgent(store, { ...what, owner, mode: 'enforce' }, byOperator)
    expect(await codeOf(owned('per_nobody'), 'ERR_PERSON_MISSING')).toBe(true)
    const left = { ...ana, version: 2, active: false }
    await store.commit({ facts: [personChanged(left, 'roles')] })
    expect(await codeOf(owned(ana.id), 'ERR_PERSON_MISSING')).toBe(true)
    expect(await store.agents.list()).toEqual([])
  })

  it('is done once', async () => {
    await enrolAgent(store, { ...what, mode: 'enforce' }, byOperator)
    expect(await codeOf(enrolAgent(store, { ...what, mode: 'enforce' }, byOperator), 'ERR_STORE_CONFLICT')).toBe(true)
  })
})
