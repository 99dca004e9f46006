import type { Lookup } from '@countersign/core'
import type { Db } from '../db.ts'
import type { Entries } from './entries.ts'
import type { Rowless } from './rowless.ts'

/** What every way to look needs. */
export interface Reading {
  readonly db: Db
  readonly tenant: string
  readonly entries: Entries
  readonly rowless: Rowless
  readonly lookup: Lookup
  /** The store's clock. */
  now(): number
}
