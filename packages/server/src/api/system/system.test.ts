import { allowedFact, mintedAt, newId } from '@countersign/core'
import type { SystemView } from '@countersign/schema'
import { finished, sampleAction, sampleAllow, samplePermit, sampleRecord } from '@countersign/stores/conformance'
import { afterEach, describe, expect, it } from 'vitest'
import type { Following } from '../../duties/followers.ts'
import { createRig, type Rig, startOfTime } from '../rig/rig.ts'

let rig: Rig
afterEach(() => rig.close())

const node = newId('nod')
const behind: Following = {
  name: 'channel:webhook',
  from: 'head',
  trouble: { index: 1, tries: 3, code: 'ERR_UPSTREAM' },
  leftOut: [{ index: 0, code: 'ERR_INTERNAL' }],
}

async function look(): Promise<SystemView> {
  const { issuer, subject } = { issuer: 'https://id.example', subject: 'operator' }
  const known = await rig.store.people.byAccount(issuer, subject)
  const operator = known ?? (await rig.person(subject, { roles: ['operations'] }))
  return (await (await rig.get('/api/system', await rig.cookieOf(operator))).json()) as SystemView
}

describe('how Countersign stands', () => {
  it('names every instance alive, and which one answers', async () => {
    rig = await createRig({
      running: { node: { id: node, epoch: () => 1 }, followers: () => [], addresses: [], concerns: () => [] },
    })
    const other = newId('nod')
    await rig.store.leases.hold(`node:${node}`, `${node}/0.2.0`, 10_000)
    await rig.store.leases.hold(`node:${other}`, `${other}/0.1.0`, 10_000)
    await rig.store.leases.hold('deadlines', other, 5_000)
    const { instances, duties } = await look()
    const at = new Date(startOfTime).toISOString()
    const since = new Date(mintedAt(node)).toISOString()
    expect(instances).toContainEqual({ id: node, version: '0.2.0', since, beatAt: at, answering: true })
    expect(instances).toContainEqual(expect.objectContaining({ id: other, version: '0.1.0', answering: false }))
    expect(duties).toEqual([{ name: 'deadlines', instance: other }])
    rig.clock.at += 10_000
    expect((await look()).instances).toEqual([])
  })

  it('says how far each follower is behind, since when, and what it gave up', async () => {
    rig = await createRig({
      running: { node: { id: node, epoch: () => 1 }, followers: () => [behind], addresses: [], concerns: () => [] },
    })
    await rig.person('first')
    rig.clock.at += 60_000
    await rig.person('second')
    await rig.store.journal.moveCursor('channel:webhook', 1)
    const { followers, store } = await look()
    expect(followers).toEqual([
      {
        name: 'channel:webhook',
        cursor: 1,
        behind: store.entries - 1,
        waitingSince: new Date(startOfTime + 60_000).toISOString(),
        trouble: behind.trouble,
        leftOut: behind.leftOut,
      },
    ])
  })

  it('counts what waits for people, and names the gateways', async () => {
    const addresses = [
      {
        gateway: 'mcp',
        name: 'files',
        address: 'http://localhost:4600/mcp/files',
        mode: 'enforcing' as const,
        observes: true,
      },
    ]
    rig = await createRig({
      running: { node: { id: node, epoch: () => 1 }, followers: () => [], addresses, concerns: () => [] },
    })
    await rig.ask(await rig.agent(await rig.person('owner')))
    const { queues, runs, gateways, deployment } = await look()
    expect(runs).toEqual({ unreported: 0 })
    expect(queues).toEqual({ openQuestions: 1, grantedUnspent: 0, waitingClients: 0 })
    expect(gateways).toEqual(addresses)
    expect(deployment).toMatchObject({ version: '0.0.0', demo: false })
  })

  it('counts the runs that their clients never reported', async () => {
    rig = await createRig({})
    const record = sampleRecord({
      action: sampleAction({ agent: (await rig.agent(await rig.person('owner'))).id }),
      decision: sampleAllow(),
    })
    const permit = samplePermit(record, { handed: true })
    const outcome = { kind: 'unreported', summary: 'nobody said' } as const
    await rig.store.commit({ facts: [allowedFact(record, permit), finished(permit, { outcome, delivered: false })] })
    expect((await look()).runs).toEqual({ unreported: 1 })
    await rig.store.commit({ facts: [finished(permit)] })
    expect((await look()).runs).toEqual({ unreported: 0 })
  })
})

it('an instance says in its id when it was made', () => {
  const before = Date.now()
  expect(mintedAt(newId('nod'))).toBeGreaterThanOrEqual(before)
})
