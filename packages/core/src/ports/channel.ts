/**
 * Where people answer.
 *
 * @module
 */
import type { Approval, Assurance, Card, Verdict } from '@countersign/schema'
import type { Clock } from './clock.ts'
import type { Running } from './gateway.ts'

/** An answer as a channel brings it: the channel has verified who it is from. */
export interface Answer {
  readonly person: string
  readonly verdict: Verdict
  readonly reason: string | undefined
  readonly assurance: Assurance
  readonly channel: string
  /** Hash of the card that was shown to this person. */
  readonly shown: string
  readonly proof: Approval['signatures'][number]['proof']
}

/** Posts a body and gives the status of the answer: Countersign's guarded way out, which follows no redirect. */
export type Post = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>

export interface OpenDesk {
  /**
   * @throws ERR_APPROVAL_… , ERR_SELF_APPROVAL, ERR_APPROVER_NOT_ASKED, ERR_ASSURANCE_TOO_LOW, ERR_CARD_CHANGED,
   * ERR_AGENT_STOPPED
   */
  sign(approval: string, answer: Answer): Promise<Approval>
  escalate(approval: string, person: string): Promise<Approval>
  card(approval: string): Promise<Card>
}

/** What a channel is given. */
export interface ChannelContext {
  readonly desk: OpenDesk
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
  /** Told of every change to an approval, at least once and in order. */
  show(approval: Approval): Promise<void>
  /** Answers the provider's callbacks under `/channels/<name>`. */
  receive?(request: Request): Promise<Response>
}
