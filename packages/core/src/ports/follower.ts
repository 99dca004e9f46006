/**
 * Who reads the ledger.
 *
 * @module
 */
import type { Entry } from '@countersign/schema'
import type { Post } from './channel.ts'
import type { Beginning, Journal, Store } from './store.ts'

/** Reads the ledger as it grows, at least once and in order: lineage, search, SIEM, metrics. */
export interface OpenFollower {
  /** Where it begins when it first comes to a ledger: what tells people of what happens begins now, not with the past. */
  readonly from: Beginning
  follow(entry: Entry): Promise<void>
  /**
   * Instead of one by one, where that costs much less: it is told of several, after a rest in which more may gather. If it
   * fails they come again, one by one.
   */
  followPage?(page: readonly Entry[]): Promise<void>
  /** Where it stands, if it keeps that itself, with what it writes; `ERR_STORE_CONFLICT` from it says to read that again. */
  readonly place?: Pick<Journal, 'cursor' | 'moveCursor'>
}

/** By its name the journal knows how far it has come. */
export interface Follower extends OpenFollower {
  readonly name: string
}

/** What a follower is given. */
export interface FollowerContext {
  readonly actions: Pick<Store['actions'], 'lives' | 'index'>
  /** First line of the ledger's checkpoints. */
  readonly origin: string
  readonly publicUrl: string
  /** For this URL of the follower's own section, and no other. */
  postTo(url: string): Post
}
