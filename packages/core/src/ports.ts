/**
 * What Countersign needs from outside, and what a gateway, channel or follower has to offer.
 * Everything here is an interface; implementations live in `stores`, `policy`, `gateways`, `channels`, `followers`.
 *
 * @module
 */
export type { Clock } from './ports/clock.ts'
export type { Page, Paging } from './ports/page.ts'
export type { PolicyQuestion, Prospect, Evaluation, PolicyNote, PolicySet, PolicyEngine } from './ports/policy.ts'
export type {
  Change,
  StateReport,
  Store,
  HeldLease,
  PermitLife,
  ActionIndex,
  ActionQuery,
  Journal,
  Ledger,
  Tombstones,
} from './ports/store.ts'
export type { DeadLetter, Letter, Outbox, QueuedLetter } from './ports/outbox.ts'
export type { Flow, LineageNode, LineageSubject, LineageEdge, Surroundings, LineageGraph } from './ports/flow.ts'
export type {
  Caller,
  Presented,
  Permit,
  HandedPermit,
  AttemptContext,
  Ran,
  Attempt,
  EnforcingAttempt,
  CooperatingAttempt,
  Gate,
} from './ports/attempt.ts'
export type {
  ApprovalStatus,
  Running,
  Handler,
  GatewayContext,
  LogLine,
  GatewayAddress,
  Listens,
  Gateway,
  Offered,
  PreparedGateway,
  ToolPins,
  Concern,
  Concerns,
} from './ports/gateway.ts'
export type {
  Answer,
  CallbackProof,
  Channel,
  ChannelContext,
  MessageRef,
  Notice,
  OpenChannel,
  Post,
  Pressed,
  PressRefused,
  Recipient,
} from './ports/channel.ts'
export type { Follower, FollowerContext, OpenFollower } from './ports/follower.ts'
export type { Around, Finding } from './ports/finding.ts'
export { defineGateway, defineChannel, defineFollower } from './ports/define.ts'
