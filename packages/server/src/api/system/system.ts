/**
 * How Countersign stands, for those who run it: plain figures, read when they are asked for.
 *
 * @module
 */
import { CountersignError, type HeldLease, mintedAt, nodeLease } from '@countersign/core'
import { type FollowerView, type InstanceView, SystemView } from '@countersign/schema'
import { createRoute } from '@hono/zod-openapi'
import type { Following } from '../../duties/followers.ts'
import { nodeLeaseMs } from '../../duties/lease.ts'
import { maySeeSystem } from '../front/access.ts'
import type { Api, ApiParts } from '../front/parts.ts'
import { answers, moment } from '../front/route.ts'

const reading = createRoute({
  method: 'get',
  path: '/api/system',
  summary: 'How Countersign stands: instances, followers, queues, gateways. Takes the role operations or auditor.',
  responses: answers(SystemView, 'The figures.'),
})

export function system(api: Api, parts: ApiParts): void {
  const { store, clock, desk, publicUrl, version, demo, running } = parts

  api.openapi(reading, async (context) => {
    if (!maySeeSystem(context.get('visitor').person)) throw new CountersignError('ERR_NOT_ALLOWED')
    const askedAt = performance.now()
    const { size } = await store.ledger.head()
    const answeredInMs = Math.round((performance.now() - askedAt) * 10) / 10
    const leases = await store.leases.list()
    const { open, granted } = await store.approvals.unsettled()
    const { waiting, dead } = await store.outbox.state()
    return context.json(
      {
        at: moment(clock.now()),
        deployment: { origin: store.ledger.origin, version, publicUrl, demo },
        store: { entries: size, answeredInMs },
        instances: leases.flatMap((lease) => instanceOf(lease, running.node.id)),
        duties: leases.flatMap(dutyOf),
        followers: await Promise.all(running.followers().map((each) => followerView(each, size))),
        queues: { openQuestions: open, grantedUnspent: granted, waitingClients: desk.waiting() },
        runs: { unreported: await store.permits.unreported() },
        letters: {
          waiting,
          dead: dead.map(({ channel, recipient, approval, code, diedAt }) => ({
            channel,
            recipient,
            approval,
            code,
            at: moment(diedAt),
          })),
        },
        gateways: running.addresses.map(({ leadsTo: _leadsTo, ...gateway }) => gateway),
        concerns: running.concerns().map(({ key, says, since }) => ({ key, says, since: moment(since) })),
      },
      200,
    )
  })

  async function followerView({ name, from, trouble, leftOut }: Following, size: number): Promise<FollowerView> {
    const cursor = await store.journal.cursor(name, from)
    const behind = Math.max(0, size - cursor)
    const oldest = behind > 0 ? await recordedAt(cursor) : undefined
    return {
      name,
      cursor,
      behind,
      ...(oldest !== undefined && { waitingSince: moment(oldest) }),
      ...(trouble && { trouble }),
      leftOut: [...leftOut],
    }
  }

  /** Unknown for an entry that cannot be read, which is what the follower is about to find out. */
  async function recordedAt(index: number): Promise<number | undefined> {
    const page = await store.journal.read(index, 1).catch(() => [])
    return page[0]?.at
  }
}

/** The holder of an instance's lease is written `<id>/<version>`. */
function instanceOf({ name, holder, until }: HeldLease, here: string): InstanceView[] {
  if (!name.startsWith(nodeLease)) return []
  const [id = '', version = ''] = holder.split('/')
  return [{ id, version, since: moment(mintedAt(id)), beatAt: moment(until - nodeLeaseMs), answering: id === here }]
}

function dutyOf({ name, holder }: HeldLease): { name: string; instance: string }[] {
  return name.startsWith(nodeLease) || !holder.startsWith('nod_') ? [] : [{ name, instance: holder }]
}
