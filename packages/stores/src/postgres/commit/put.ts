/**
 * One batch as one statement: it stands behind the very end of the ledger that it was judged on, with all of its rows, or
 * nothing of it does. The database's clock decides what is too late or too early.
 *
 * @module
 */
import type { Statement } from '../db.ts'
import type { Value } from '../values.ts'
import type { Part } from './rows.ts'

export interface End {
  readonly size: number
  readonly root: Uint8Array
}

export interface Put {
  readonly tenant: string
  readonly behind: End
  readonly size: number
  readonly frontier: Uint8Array
  readonly root: Uint8Array
  readonly at: number
  /** Before this place every permit that has not ended has its row. */
  readonly settled: number
  /** In place of the database's clock, for tests. */
  readonly now: number | undefined
  readonly notAfter: number | undefined
  readonly notBefore: number | undefined
  /** Attempts, blinded, that have no permit yet as far as is known here. */
  readonly attempts: readonly string[]
  readonly parts: readonly Part[]
}

export interface Asked {
  readonly statement: Statement
  readonly values: readonly Value[]
}

/** How far the time of an entry may lie before and after the database's clock; never before the entry ahead of it. */
const [mostBehindMs, mostAheadMs] = [5_000, 1_000]

/** Answers with one row if it stands, with none if it does not. */
export function putOf(put: Put): Asked {
  const values: Value[] = []
  const value = (given: Value): string => `$${values.push(given)}`
  const tenant = value(put.tenant)
  const [size, prevRoot] = [value(put.behind.size), value(put.behind.root)]
  const [next, frontier, root, at] = [value(put.size), value(put.frontier), value(put.root), value(put.at)]
  const settled = value(put.settled)
  const now = value(put.now ?? null)
  const [notAfter, notBefore] = [value(put.notAfter ?? null), value(put.notBefore ?? null)]
  const unknown =
    put.attempts.length === 0
      ? ''
      : `and not exists (select from permit where permit.tenant = ${tenant}
      and permit.attempt_key = any(${value(put.attempts)}::text[]))`
  const parts = put.parts.map(({ name, text, values: own }) => {
    let place = 0
    return `, ${name}_saved as (${text.replaceAll('$$', () => value(own[place++] ?? null))})`
  })
  const name = `put_${put.attempts.length > 0 ? 'x' : ''}${put.parts.map(({ name: part }) => part).join('')}`
  const text = `with clock as materialized (
    select coalesce(${now}::bigint, floor(extract(epoch from clock_timestamp()) * 1000)::bigint) as now
  ), moved as (
    update head set size = ${next}, frontier = ${frontier}, root = ${root}, at = ${at}, settled = ${settled}
    from clock
    where head.tenant = ${tenant} and head.size = ${size} and head.root = ${prevRoot}
      and ${at}::bigint >= head.at and ${at}::bigint >= clock.now - ${mostBehindMs}
      and ${at}::bigint <= greatest(head.at, clock.now + ${mostAheadMs})
      and (${notAfter}::bigint is null or clock.now <= ${notAfter})
      and (${notBefore}::bigint is null or clock.now >= ${notBefore})
      ${unknown}
    returning head.tenant
  )${parts.join('')}
  select 1 as won from moved`
  return { statement: { name, text }, values }
}
