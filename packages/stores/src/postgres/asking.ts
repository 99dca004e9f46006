/**
 * What is asked of the database: statements, and who may be asked.
 *
 * @module
 */
import type { Value } from './values.ts'

/** A statement is planned once per connection under its name; equal names MUST mean equal text. */
export interface Statement {
  readonly name: string
  readonly text: string
  /** How long it may take, if longer than usual. */
  readonly timeoutMs?: number
}

export type Row = Record<string, unknown>

export interface Asking {
  query<Found extends Row>(statement: Statement, values?: readonly Value[]): Promise<Found[]>
}

/** What is asked in one turn travels together, in order. */
export interface Session extends Asking {
  /** Sent with what is asked next, at the latest with the commit, which tells of its failure. */
  send(statement: Statement, values?: readonly Value[]): void
  /** The same, for `copy … from stdin` and its rows. */
  copy(statement: Statement, rows: Uint8Array): void
}
