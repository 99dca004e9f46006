/**
 * Where people hear of questions, and answer. A channel proves whose account pressed a button, and signs nothing: Countersign
 * knows whose account it is, and how much a press is worth.
 *
 * @module
 */
import type { Account, Approval, Assurance, Card, Digest, Proof, Verdict } from '@countersign/schema'
import type { Clock } from './clock.ts'
import type { Running } from './gateway.ts'

/** What there is to be told of a question at one of its changes: the same for every channel, which renders what it may. */
export interface Notice {
  /** `<approval>.<version>`: the same change has the same. */
  readonly id: string
  readonly approval: string
  readonly version: number
  readonly state: Approval['state']
  /** When it was asked or settled. */
  readonly at: number
  readonly expiresAt: number
  /** Groups whose members may answer. */
  readonly groups: readonly string[]
  /** Where it is answered in the console. */
  readonly url: string
  /** Hash of the card: what a press brings back. */
  readonly shown: Digest
  /** Holds words of agents, as they wrote them: escape them, or leave them out. */
  readonly card: Card
  readonly answers: readonly { readonly person: string; readonly verdict: Verdict }[]
}

/** To whom: a place that the channel's own section names, or somebody's account. */
export type Recipient =
  | { readonly kind: 'place'; readonly name: string }
  | { readonly kind: 'account'; readonly account: Account }

/** By what a channel finds again what it showed; at most 500 characters. */
export interface MessageRef {
  readonly message: string
}

/** The call of a provider as it came, which proves the press: kept with the signature. */
export type CallbackProof = Extract<Proof, { kind: 'callback' }>

/** Somebody pressed a button, and the channel has verified which account did. */
export interface Pressed {
  readonly approval: string
  readonly account: Account
  readonly verdict: Verdict
  /** Of the notice that was shown. */
  readonly shown: string
  readonly reason?: string
  readonly proof: CallbackProof
}

/** Why a press counts for nothing, in words for whoever pressed. */
export interface PressRefused {
  readonly code: string
  readonly says: string
  /** Where the question is in the console. */
  readonly url: string
}

/** An answer as the desk takes it. */
export interface Answer {
  readonly person: string
  readonly verdict: Verdict
  readonly reason: string | undefined
  readonly assurance: Assurance
  readonly channel: string
  /** Hash of the card that was shown to this person. */
  readonly shown: string
  readonly proof: Proof | undefined
}

/**
 * Posts a body and gives the status of the answer: Countersign's guarded way out, which follows no redirect.
 */
export type Post = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>

/** What a channel is given. */
export interface ChannelContext {
  readonly clock: Clock
  readonly publicUrl: string
  /** For this URL of the channel's own section, and no other. */
  postTo(url: string): Post
}

/** Where people answer, or hear that there is something to answer. */
export interface Channel {
  readonly name: string
  start(section: unknown, services: ChannelContext): Promise<OpenChannel>
}

export interface OpenChannel extends Running {
  /** `account`: by which account of its provider a button was pressed. From one that proves nothing, no press is taken. */
  readonly proves: 'nothing' | 'account'
  /** Of the accounts that it proves and reaches, as they are linked to people: `slack:T024BE7LD`. Of no other a press is taken. */
  readonly provider?: string
  /** The places that its section names: each hears of every question. Names, which are no secrets. */
  readonly places: readonly string[]
  /**
   * Shows a notice, and resolves to what is shown by then; with `before`, in place of that message. It comes at least once,
   * each recipient's in order, and MUST be idempotent by the notice's id. `gone`: there is no such recipient, for good.
   *
   * @throws what it cannot deliver now: it comes again
   */
  deliver(notice: Notice, to: Recipient, before?: MessageRef): Promise<MessageRef | 'gone'>
  /**
   * Answers the provider's callbacks at `/channels/<name>`, with a body of at most 256 KiB. It MUST verify that the provider
   * sent it before it looks at what it says, and signs nothing. `response` goes out if there is no press, or once it counts.
   */
  receive?(request: Request): Promise<{ readonly response: Response; readonly pressed?: Pressed }>
  /** What goes out where the press counts for nothing. Default: a problem (RFC 9457). */
  refused?(pressed: Pressed, why: PressRefused): Response
}
