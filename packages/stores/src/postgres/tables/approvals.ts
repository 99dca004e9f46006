import { CountersignError, keysOf, type Store } from '@countersign/core'
import type { Approval } from '@countersign/schema'
import { type Entries, factAt } from './entries.ts'
import { indexBelow, limitOf, pageOf } from './pages.ts'
import type { Reading } from './reading.ts'
import { isReadable } from './segments.ts'

interface Found {
  [column: string]: unknown
  readonly entry: number
  readonly asked: number
  /** The newest entry about it, where it is asked for. */
  readonly newest?: number | null
}

export function createApprovals({ db, tenant, entries, lookup, now }: Reading): Store['approvals'] {
  const read = (rows: readonly Found[]) => approvalsAt(entries, rows)
  const one = async (rows: readonly Found[]) => (await read(rows))[0]
  const digestKey = keysOf(lookup).digest

  return {
    get: async (id) => about(await one(await db.query(byId, [tenant, id])), (approval) => approval.id === id),
    latest: async (digest) =>
      about(await one(await db.query(byDigest, [tenant, digestKey(digest)])), (approval) => approval.digest === digest),
    async list({ states, agent, ...paging }) {
      const limit = limitOf(paging)
      const filters = [states ?? null, agent ?? null, indexBelow(paging), limit + 1]
      const rows = await db.query<Found>(listed(states !== undefined, agent !== undefined), [tenant, ...filters])
      const found = new Map(await entries.at(rows.map(({ entry }) => entry)))
      return pageOf(
        rows,
        limit,
        ({ asked }) => String(asked),
        (page) => approvalsIn(found, page),
      )
    },
    due: async () => read(await db.query(dueNow, [tenant, now(), mostDue])),
    async count({ agent, onBehalfOf }, since) {
      const [row] = await db.query<{ open: number; asked: number }>(counted, [tenant, agent, onBehalfOf ?? null, since])
      return { open: row?.open ?? 0, asked: row?.asked ?? 0 }
    },
    async unsettled() {
      const [row] = await db.query<{ open: number; granted: number }>(unsettled, [tenant])
      return { open: row?.open ?? 0, granted: row?.granted ?? 0 }
    },
  }
}

/** Expired questions handed over at once, so that one poll stays short; the others are there at the next. */
const mostDue = 100

/** @throws ERR_LEDGER_BROKEN for a row that someone else has pointed at another question */
function about(approval: Approval | undefined, isAsked: (approval: Approval) => boolean): Approval | undefined {
  if (approval === undefined || isAsked(approval)) return approval
  throw new CountersignError('ERR_LEDGER_BROKEN', { approval: approval.id, says: 'the row is about something else' })
}

async function approvalsAt(entries: Entries, rows: readonly Found[]): Promise<Approval[]> {
  const stale = rows.find(({ entry, newest }) => newest !== undefined && newest !== entry)
  if (stale) throw new CountersignError('ERR_LEDGER_BROKEN', { ...stale, says: 'the row is not what was said last' })
  return approvalsIn(await entries.at(rows.map(({ entry }) => entry)), rows)
}

function approvalsIn(found: Awaited<ReturnType<Entries['at']>>, rows: readonly Found[]): Approval[] {
  return rows.flatMap(({ entry }) => factAt(found, entry, 'approval.changed')?.approval ?? [])
}

/** Of all that the ledger says of it; refused signatures are said of it as well. */
const newest = `(select m.entry from mention m where m.tenant = approval.tenant and m.what = approval.id
    and m.kind = 'approval.changed' order by m.entry desc limit 1) as newest`

const byId = { name: 'approval_get', text: `select entry, ${newest} from approval where tenant = $1 and id = $2` }

const byDigest = {
  name: 'approval_latest',
  text: `select entry, ${newest} from approval where tenant = $1 and digest_key = $2 order by asked_entry desc limit 1`,
}

/** One statement per shape, so that each uses its own index. */
const listed = (states: boolean, agent: boolean) => ({
  name: `approval_list${states ? '_states' : ''}${agent ? '_agent' : ''}`,
  text: `select entry, asked_entry as asked from approval
    where tenant = $1 and ${states ? 'state = any($2)' : '$2::text[] is null'}
      and ${agent ? 'agent = $3' : '$3::text is null'} and asked_entry < $4
    order by asked_entry desc limit $5`,
})

/** What was erased cannot be shown to anyone, so nothing is due. */
const dueNow = {
  name: 'approval_due',
  text: `select a.entry from approval a
    where a.tenant = $1 and a.due_at <= $2 and ${isReadable('a.entry')} order by a.due_at limit $3`,
}

const counted = {
  name: 'approval_count',
  text: `select count(*) filter (where state = 'open') as open, count(*) filter (where asked_at >= $4) as asked
    from approval where tenant = $1 and agent = $2 and on_behalf_of is not distinct from $3
      and (state = 'open' or asked_at >= $4)`,
}

const unsettled = {
  name: 'approval_unsettled',
  text: `select count(*) filter (where state = 'open') as open, count(*) filter (where state = 'granted') as granted
    from approval where tenant = $1 and state in ('open', 'granted')`,
}
