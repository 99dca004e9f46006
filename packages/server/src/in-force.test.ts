import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CountersignError, createConcerns, type LogLine } from '@countersign/core'
import { createMemoryStore } from '@countersign/stores'
import { createManualClock } from '@countersign/stores/conformance'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Config } from './config/config.ts'
import { type InForce, openPolicies } from './in-force.ts'
import { openAll } from './opened.ts'
import { orRefuse, prepare } from './config/prepare.ts'
import { asRead } from './config/read-config.ts'

const permit = '@id("may") @owner("o") @doc("d")\npermit (principal, action, resource);\n'
const forbid = '@id("never") @owner("o") @doc("d")\nforbid (principal, action, resource);\n'

const unrecorded = 'New policies could not be recorded, so the old ones stay.'

describe('the policies of an instance', () => {
  let root: string
  let opened: ReturnType<typeof openAll>
  let logs: LogLine[]
  let broken = false
  let policies: InForce
  let concerns: ReturnType<typeof createConcerns>
  let store: ReturnType<typeof createMemoryStore>
  const clock = createManualClock()
  const write = (name: string, text: string) => writeFile(join(root, name), text)

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'in-force-'))
    opened = openAll()
    const lines: LogLine[] = []
    broken = false
    logs = lines
    await mkdir(join(root, 'policies'))
    await write('policies/a.cedar', permit)
    await write('policies/registry.yaml', 'groups: [first]\n')
    store = createMemoryStore({ clock })
    const log = (line: LogLine) => void lines.push(line) // a load of the test before may end late
    concerns = createConcerns({ clock, log: () => undefined })
    const prepared = orRefuse(await opened.add(prepare(asRead(Config.parse({})), root)))
    const { watch, source, config } = prepared
    policies = await opened.add(
      openPolicies({
        policies: prepared.policies,
        folder: config.policies,
        files: source.files,
        watch,
        store: { commit },
        concerns,
        clock,
        log,
      }),
    )
  })
  afterEach(async () => {
    await opened.close()
    await rm(root, { recursive: true, force: true })
  })
  const commit: typeof store.commit = async (change) => {
    if (broken) throw new CountersignError('ERR_STORE_UNAVAILABLE')
    return store.commit(change)
  }
  const ids = () => policies.engine.active().policies.map(({ id }) => id)
  const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 50 })

  it('D5: what does not pass is told with file, line, text and since when, until something passes', async () => {
    await write(
      'policies/b.cedar',
      '@id("bad") @owner("o") @doc("d")\npermit (principal, action, resource) when { contxt.risk };\n',
    )
    await soon(() => expect(policies.state().refused).toBeDefined())
    expect(policies.state()).toMatchObject({
      refused: {
        by: 'file',
        since: clock.now(),
        problems: [{ file: 'b.cedar', line: 2, text: expect.stringContaining('contxt.risk') }],
      },
    })
    expect(concerns.list()).toMatchObject([
      { key: 'policies', says: expect.stringMatching(/b\.cedar:2:\d+: .* stays in force/s) },
    ])
    expect(ids()).toEqual(['may'])

    await write('policies/b.cedar', forbid)
    await soon(() => expect([policies.state().refused, concerns.list()]).toEqual([undefined, []]))
    expect(ids()).toEqual(['may', 'never'])
  })

  it('D5: a registry that cannot be read is told the same way', async () => {
    await write('policies/registry.yaml', 'groups: 7\n')
    expect(await policies.reload('operator')).toMatchObject({ kind: 'refused' })
    expect(policies.state().refused).toMatchObject({
      by: 'operator',
      problems: [{ file: join(root, 'policies/registry.yaml'), line: 1, text: 'groups: 7' }],
    })
  })

  it('D7: a folder that took the place of another is in force', async () => {
    await mkdir(join(root, 'next'))
    await write('next/a.cedar', permit + forbid)
    await write('next/registry.yaml', 'groups: [second]\n')
    await rename(join(root, 'policies'), join(root, 'old'))
    await rename(join(root, 'next'), join(root, 'policies'))
    await soon(() => expect(ids()).toEqual(['may', 'never']))
    expect(policies.engine.active().registry.groups).toEqual(['second'])
  })

  it('D7: policies and registry are read again together, on demand', async () => {
    const reviewed =
      '@id("asks") @owner("o") @doc("d") @approve("1 of second")\nforbid (principal, action, resource);\n'
    await write('policies/registry.yaml', 'groups: [second]\n')
    await write('policies/b.cedar', reviewed)
    expect(await policies.reload('signal')).toMatchObject({ kind: 'active', changed: true })
    expect([ids(), policies.engine.active().registry.groups]).toEqual([['asks', 'may'], ['second']])
  })

  it('D7: each load is logged, with what made it, and recorded if it changed something', async () => {
    await policies.reload('operator')
    await write('policies/b.cedar', forbid)
    await policies.reload('operator')
    const loads = logs.filter(({ says }) => says === 'Policies are loaded.')
    const { version } = policies.engine.active()
    expect(loads[0]).toMatchObject({ by: 'start', files: ['a.cedar'], policies: 1 })
    expect(loads).toContainEqual(expect.objectContaining({ by: 'operator', files: ['a.cedar'], policies: 1 }))
    expect(loads).toContainEqual(
      expect.objectContaining({ by: 'operator', files: ['a.cedar', 'b.cedar'], policies: 2, version }),
    )
    const facts = (await store.journal.read(0, 10)).map(({ fact }) => fact.kind)
    expect(facts).toEqual(['policy.activated', 'policy.activated'])
  })

  it('P2: what could not be recorded is not in force, and is tried again', async () => {
    const before = policies.engine.active().version
    broken = true
    await write('policies/b.cedar', forbid)
    await expect(policies.reload('operator')).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    expect(policies.engine.active().version).toBe(before)
    await soon(() => expect(logs.map(({ says }) => says)).toContain(unrecorded))
    broken = false
    await soon(() => expect(ids()).toEqual(['may', 'never']))
    expect((await store.journal.read(0, 10)).map(({ fact }) => fact.kind)).toEqual([
      'policy.activated',
      'policy.activated',
    ])
  })

  it('P15: what others bring in force is looked for in the files here, once, and else is a concern until it is the same', async () => {
    const own = policies.engine.active().version
    const keys = () => concerns.list().map(({ key }) => key)
    expect(await policies.caughtUp(own, 'of others')).toBe(false)
    expect(await policies.caughtUp(own, 'of others')).toBe(false)
    expect(logs.filter(({ by }) => by === 'ledger')).toHaveLength(1)
    expect(keys()).toEqual(['policies/outdated'])
    expect((await store.journal.read(0, 10)).length, 'nobody takes it back from the others').toBe(1)
    policies.show(own)
    await soon(() => expect(keys()).toEqual([]))

    await write('policies/b.cedar', forbid)
    expect(await policies.caughtUp(own, 'of yet others')).toBe(true)
    expect(ids()).toEqual(['may', 'never'])
    expect(keys()).toEqual([])
  })

  it('the version says all that is judged by, also what data is registered as', async () => {
    const { version } = policies.engine.active()
    await write('policies/registry.yaml', 'groups: [first]\nunknownClass: secret\n')
    await policies.reload('operator')
    expect(policies.engine.active().version).not.toBe(version)
  })
})
