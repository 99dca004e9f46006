/**
 * What is to be told, and to whom: letters that wait until they are delivered, each recipient's in their order.
 *
 * @module
 */

/** Holds nothing of what it tells: that stands in an entry of the ledger, where it can be erased. */
export interface Letter {
  readonly channel: string
  /** `place:<name>`, or `person:<id>`. */
  readonly recipient: string
  /** Of what it tells: the same has the same. */
  readonly notice: string
  readonly approval: string
  /** Where it stands in the ledger. */
  readonly entry: number
}

export interface QueuedLetter extends Letter {
  /** Tries that failed. */
  readonly tries: number
  readonly queuedAt: number
}

export interface DeadLetter extends Letter {
  /** Why it was given up. */
  readonly code: string
  readonly diedAt: number
}

/**
 * Durable: what `put` has taken is delivered, given up, or still there, whichever instance dies. Times are the store's.
 * What was delivered or given up MAY be forgotten after a week.
 */
export interface Outbox {
  /** One that is there already, by channel, recipient and notice, MUST be let be, however it stands. */
  put(letters: readonly Letter[]): Promise<void>
  /**
   * Of each recipient of these channels the first letter that waits, by `entry`, if its time has come: none overtakes
   * another. Of at most `limit` recipients, those that have waited longest first.
   */
  due(channels: readonly string[], limit: number): Promise<readonly QueuedLetter[]>
  /** `message` is by what the channel finds again what it showed; empty if it showed nothing. Once settled, it stays so. */
  delivered(letter: Letter, message: string): Promise<void>
  /** It was not delivered: it is due again after this time. */
  later(letter: Letter, code: string, afterMs: number): Promise<void>
  /** It is not tried again. */
  giveUp(letter: Letter, code: string): Promise<void>
  /** The message by which this recipient last heard of this question. */
  message(to: Pick<Letter, 'channel' | 'recipient' | 'approval'>): Promise<string | undefined>
  /** How many wait, and the newest 20 that were given up. */
  state(): Promise<{ readonly waiting: number; readonly dead: readonly DeadLetter[] }>
}
