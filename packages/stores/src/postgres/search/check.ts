/**
 * Holds what searches look in against the facts: each action that the follower has come to has its row, which says where the
 * ledger tells of it, and has the terms of that life and no others.
 *
 * @module
 */
import type { World } from '@countersign/core'
import type { Reading } from '../tables/reading.ts'
import type { Lives, Places } from './lives.ts'
import type { Term, Terms } from './terms.ts'

export interface CheckSearchedParts extends Pick<Reading, 'db' | 'tenant'> {
  readonly lives: Lives
  readonly terms: Terms
}

interface Row extends Places {
  readonly terms: readonly Term[]
}

/** Rows compared at a time; the entries of each are read for it. */
const rowsAtOnce = 500

/** What differs, in words, and how many rows there are. */
export async function checkSearched(
  { db, tenant, lives, terms }: CheckSearchedParts,
  world: World,
): Promise<{ rows: number; differences: string[] }> {
  const [place] = await db.query<{ index: number }>(reached, [tenant])
  const until = place?.index ?? 0
  const expected = new Map([...placesIn(world)].map((one) => [one.entry, one]))
  const differences: string[] = []
  let rows = 0

  for (let last = -1; ;) {
    const page = await db.query<Row>(pageOfRows, [tenant, last, rowsAtOnce])
    rows += page.length
    const right: Row[] = []
    for (const row of page) {
      const wanted = expected.get(row.entry)
      expected.delete(row.entry)
      if (row.entry >= until) continue
      const says = placesApart(row, wanted)
      if (says === undefined) right.push(row)
      else differences.push(`searched ${row.entry}: ${says}`)
    }
    const found = await lives.at(right)
    for (const [position, { entry, terms: stored }] of right.entries()) {
      const life = found[position]
      if (life !== undefined && !isSame(stored, terms.of(life)))
        differences.push(`searched ${entry}: it is found by other terms than it has`)
    }
    if (page.length < rowsAtOnce) break
    last = page.at(-1)?.entry ?? last
  }
  for (const entry of expected.keys()) {
    if (entry < until) differences.push(`searched ${entry}: the ledger has it, the table does not`)
  }
  return { rows, differences }

  function placesApart(row: Row, wanted: Places | undefined): string | undefined {
    if (wanted === undefined) return 'nobody can read what made it'
    for (const column of ['permit', 'ended', 'approval'] as const) {
      const isCome = (wanted[column] ?? 0) < until // what came after that may be written or not
      if (isCome && row[column] !== wanted[column])
        return `${column} is ${row[column]}, and by the ledger ${wanted[column]}`
    }
    return undefined
  }
}

const isSame = (stored: readonly Term[], due: ReadonlySet<Term>): boolean =>
  due.size === stored.length && stored.every((term) => due.has(term))

/** Where each action is told of, by what the facts add up to. */
function* placesIn({ actions, permits, approvals }: World): Generator<Places> {
  const permitOf = new Map([...permits.values()].map((row) => [row.action, row]))
  const questionOf = new Map([...approvals.values()].map((row) => [row.action, row]))
  for (const { id, entry } of actions.values()) {
    const permit = permitOf.get(id)
    const question = approvals.get(permit?.approval ?? '') ?? questionOf.get(id)
    yield { entry, permit: permit?.entry ?? null, ended: permit?.endedEntry ?? null, approval: question?.entry ?? null }
  }
}

const reached = { name: 'searched_reached', text: `select index from cursor where tenant = $1 and follower = 'search'` }
const pageOfRows = {
  name: 'searched_page',
  text: `select entry, permit, ended, approval, array(
      select lpad(to_hex(term), 16, '0') from unnest(terms) term) as terms from searched
    where tenant = $1 and entry > $2 order by entry limit $3`,
}
