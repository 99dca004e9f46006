import { decide, isError, type PolicySet } from '@countersign/core'
import { afterEach, describe, expect, it } from 'vitest'
import { type Cedar, openCedar } from './cedar.ts'
import { policyDirectory } from './directory.ts'
import { createPolicyEngine, type Policies, type PolicyParts } from './engine.ts'
import { agentGroups, questionOf, sampleRegistry } from './fixture.ts'
import type { PolicyFile } from './problem.ts'

const closing: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function started(parts: Omit<PolicyParts, 'registry' | 'agentGroups'> & Partial<PolicyParts>): Promise<Policies> {
  const policies = await createPolicyEngine({ registry: sampleRegistry, agentGroups, ...parts })
  closing.push(policies.close)
  return policies
}

const file = (text: string): PolicyFile => ({ name: 'site.cedar', text })
const permit = '@id("may") @owner("d") @doc("…") permit (principal, action, resource);\n'
const forbid = '@id("never") @owner("d") @doc("…") forbid (principal, action, resource);\n'
const answer = (set: PolicySet) => decide(set, [questionOf()], 10).kind

describe('a first set that does not pass', () => {
  it('is an error with every problem', async () => {
    const refused = await started({ files: [file('permit (principal, action, resource);')] }).catch(
      (error: unknown) => error,
    )
    expect(isError(refused, 'ERR_POLICY_INVALID') && refused.detail).toMatchObject({ problems: [{}, {}, {}] })
  })

  it('is an error too where the files cannot be read', async () => {
    await expect(started(policyDirectory('/nowhere/at/all'))).rejects.toMatchObject({ code: 'ERR_POLICY_INVALID' })
  })
})

describe('a reload', () => {
  it('exchanges the set, and who holds the old one still has the old one', async () => {
    let text = permit
    const { engine, reload } = await started({ files: async () => [file(text)] })
    const old = engine.active()
    expect(await reload()).toMatchObject({ kind: 'active', changed: false })

    text = permit + forbid
    expect(await reload()).toEqual({ kind: 'active', changed: true, version: engine.active().version })
    expect([answer(old), answer(engine.active())]).toEqual(['allow', 'deny'])
    expect(old.version).not.toBe(engine.active().version)
  })

  it.each<[string, () => Promise<PolicyFile[]>]>([
    ['does not parse', async () => [file(`${permit}forbid`)]],
    ['is empty', async () => []],
    ['cannot be read', async () => Promise.reject(new Error('gone'))],
    ['would poison Cedar (H2)', async () => [file(`${permit}@id("x") ${'('.repeat(10_000)}`)]],
    [
      'would poison it when asked (H2)',
      async () => [file(permit.replace(';', ` when { ${'!context.purpose && '.repeat(500)}true };`))],
    ],
  ])('keeps the old set if the new one %s', async (_, next) => {
    let files = async () => [file(permit)]
    const { engine, reload } = await started({ files: () => files() })
    const old = engine.active()
    files = next
    expect(await reload()).toMatchObject({ kind: 'refused', problems: [{}] })
    expect(engine.active()).toBe(old)
    expect(answer(engine.active())).toBe('allow')
  })

  it('keeps the old set if the new one does not load', async () => {
    let [text, broken] = [permit, false]
    const open = (): Cedar => {
      if (broken) throw new Error('out of memory')
      return openCedar()
    }
    const { engine, reload } = await started({ files: async () => [file(text)], open })
    ;[text, broken] = [permit + forbid, true]
    expect(await reload()).toMatchObject({ kind: 'refused' })
    expect(answer(engine.active())).toBe('allow')
  })

  it('takes its turn, so that the last one asked for is the one in force', async () => {
    let text = permit
    const { engine, reload } = await started({ files: async () => [file(text)] })
    const first = reload()
    text = permit + forbid
    const second = reload()
    await Promise.all([first, second])
    expect(answer(engine.active())).toBe('deny')
  })

  it('fills the same slots every time, in a Cedar that is dropped with its set', async () => {
    let text = permit
    const slots: string[][] = []
    const open = (): Cedar => {
      const cedar = openCedar()
      const mine: string[] = []
      slots.push(mine)
      return { ...cedar, preparsePolicySet: (slot, set) => (mine.push(slot), cedar.preparsePolicySet(slot, set)) }
    }
    const { reload } = await started({ files: async () => [file(text)], open })
    for (let round = 0; round < 3; round += 1) {
      text += forbid.replace('never', `never-${round}`)
      await reload()
    }
    expect(slots).toHaveLength(4)
    expect(new Set(slots.map((names) => names.join())).size).toBe(1)
  })

  it('reads the registry again', async () => {
    let registry = sampleRegistry
    const { engine, reload } = await started({ files: [file(permit)], registry: () => registry })
    registry = { ...sampleRegistry, groups: [] }
    expect(await reload()).toMatchObject({ kind: 'active', changed: true })
    expect(engine.active().registry).toBe(registry)
  })
})
