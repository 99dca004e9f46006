/**
 * The way to a server. Messages go over it as the text they are: what is sent is what was hashed, and what comes back is passed on
 * as it was written.
 *
 * @module
 */
/** What became of a message. */
export type Sent =
  /** It is on its way; its answer may still come. */
  | { readonly kind: 'sent' }
  /** Certainly not done: it was refused, or never reached the server. */
  | { readonly kind: 'refused'; readonly says: string }
  /** Certainly not done: the server does not know our session any more. */
  | { readonly kind: 'forgotten' }
  /** Nobody knows: whatever was to come in answer to it has come, or the connection broke. */
  | { readonly kind: 'over'; readonly says: string }

/** One way to one server, open until it is closed or lost. */
export interface Way {
  /** Never throws. `giveUp`, asked for where there is something to wait for, ends the waiting. */
  send(message: string, giveUp: () => AbortSignal): Promise<Sent>
  /** The server has agreed on this version of the protocol. */
  agreed(version: string): void
  close(): Promise<void>
  /** Of the program, where there is one. */
  readonly pid?: number | undefined
}

export interface Hear {
  /** One message, in one line. */
  message(text: string): void
  /** The way is lost, and why; told once, and not after `close`. */
  lost(says: string): void
}

export type OpenWay = (hear: Hear) => Way

/** Of one message of a server; a longer one is not read, and its call ends without an answer. */
export const mostBytes = 10 << 20
