export { canonical } from './action/canonical.ts'
export { effectOf, type EffectHint } from './action/effect.ts'
export { digestOf, sha256Hex } from './action/digest.ts'
export { classKeyword, digestKeyword, keywordsOf, purposeKeywords } from './action/keywords.ts'
export { type Alike, alike, folded } from './json/alike.ts'
export { type ExactJson, isPlainJson, Numeral } from './json/numeral.ts'
export { type Bounds, parseExactJson, parseJson } from './json/strict.ts'
export { catalogue, CountersignError, type ErrorCode, isError } from './errors.ts'
export {
  type ActionIndex,
  type ActionQuery,
  type Answer,
  type Attempt,
  type AttemptContext,
  type CallbackProof,
  type Caller,
  type Change,
  type Channel,
  type Clock,
  type Concern,
  type Concerns,
  type CooperatingAttempt,
  type DeadLetter,
  defineChannel,
  defineFollower,
  defineGateway,
  type EnforcingAttempt,
  type Evaluation,
  type Flow,
  type Follower,
  type FollowerContext,
  type Gate,
  type GatewayAddress,
  type Listens,
  type Around,
  type Finding,
  type Gateway,
  type Offered,
  type PreparedGateway,
  type GatewayContext,
  type HandedPermit,
  type Handler,
  type HeldLease,
  type Journal,
  type StateReport,
  type Ledger,
  type Letter,
  type LineageEdge,
  type LineageGraph,
  type LineageNode,
  type LineageSubject,
  type ChannelContext,
  type LogLine,
  type MessageRef,
  type Notice,
  type OpenChannel,
  type OpenFollower,
  type Outbox,
  type Page,
  type Paging,
  type Permit,
  type PermitLife,
  type PolicyEngine,
  type PolicyNote,
  type PolicyQuestion,
  type PolicySet,
  type Post,
  type Pressed,
  type PressRefused,
  type Presented,
  type Prospect,
  type ApprovalStatus,
  type QueuedLetter,
  type Ran,
  type Recipient,
  type Running,
  type Store,
  type Surroundings,
  type Tombstones,
  type ToolPins,
} from './ports.ts'
export { type IdPrefix, mintedAt, newId } from './id.ts'
export { type SealedAction, seal } from './action/seal.ts'
export { askableGroups, askedGroups, expire, sign } from './approval/approval.ts'
export { inForce, requesterChain } from './approval/barred.ts'
export { createDesk, type Desk, type DeskParts } from './approval/desk.ts'
export type { Limits } from './approval/limits.ts'
export { noticeOf } from './approval/notice.ts'
export { atLeast, groupsOf, served, servedSoFar, shortfall } from './approval/quorum.ts'
export { createStops, type Stops } from './approval/stop.ts'
export { createPins, type Pins } from './tools/pins.ts'
export { type Listed, standingOf } from './tools/tool-changes.ts'
export { createConcerns, type KeptConcerns } from './concerns.ts'
export { deferred } from './deferred.ts'
export { createSharedLook } from './shared.ts'
export { inOrder } from './in-order.ts'
export { startPatience } from './gate/patience.ts'
export { createSignal, type Signal } from './signal.ts'
export { createPace } from './limits/pace.ts'
export { createCrowd, type Crowd } from './limits/crowd.ts'
export { createAllowance } from './limits/allowance.ts'
export { sampled } from './limits/sampled.ts'
export { createGate, type GateParts, type InstanceGate } from './gate/gate.ts'
export { createJudge, type Judge, type JudgeParts } from './gate/judge.ts'
export { classify } from './lineage/classify.ts'
export { closeOverdue, nodeLease, type NodeLease } from './gate/mint.ts'
export { type DecideOptions, decide } from './policy/decide.ts'
export { defaultPoints, type RiskPoints, riskOf, type RiskView } from './risk/signals.ts'
export { permitRow } from './facts/action.ts'
export { copyOfFacts } from './facts/copy.ts'
export { createDraft, type Draft } from './facts/draft.ts'
export { forget, forgetEntry, isInUse } from './facts/erasure.ts'
export { type Keys, keysOf, type Lookup, searchable } from './facts/keys.ts'
export { type Slot, type Refused, type SubjectOfAction, type Touched } from './facts/law.ts'
export { allowedFact, type Step, type StepKind, stepOf, stepsOf } from './facts/steps.ts'
export { aboutOf, applyFacts, subjectsOf, touchesOf, type Touching } from './facts/laws.ts'
export {
  type ActionRow,
  type AgentRow,
  type ApprovalRow,
  emptyWorld,
  isOpenEnded,
  isPending,
  isUndelivered,
  type PermitRow,
  type PersonRow,
  policiesInForce,
  type PolicyRow,
  replayKey,
  signatureKey,
  type SignatureRow,
  type ToolRow,
  type World,
} from './facts/world.ts'
export { decodeBundle, encodeBundle, maxLeafBytes } from './ledger/bundle.ts'
export {
  type Checkpoint,
  encodeCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from './ledger/checkpoint.ts'
export { type Envelope, envelopeOf, kindOf } from './ledger/envelope.ts'
export {
  createFrontier,
  emptyRoot,
  type Frontier,
  type Hash,
  hashLeaf,
  hashNode,
  type SavedFrontier,
} from './ledger/merkle.ts'
export {
  cosignedText,
  encodeNote,
  encodeVkey,
  type Note,
  type NoteKey,
  type NoteSignature,
  type OpenedNote,
  openNote,
  parseNote,
  parseVkey,
  type Signer,
  signNote,
  type VerifySignature,
} from './ledger/note.ts'
export { type Consistency, type Inclusion, verifyConsistency, verifyInclusion } from './ledger/proofs.ts'
export { consistencyProof, inclusionProof } from './ledger/prove.ts'
export { createRecorder, type OpenedRecord, type Prepared, type Recorder, type StoredGroup } from './ledger/record.ts'
export { encryptSegment, mostInSegment, openSegment, type Segment, withoutRecord } from './ledger/segment.ts'
export { sha256 } from './ledger/sha256.ts'
export { createLogKey, createSigner, verifyEd25519 } from './ledger/signer.ts'
export {
  createTreeReader,
  tileOf,
  tilePath,
  type TileSource,
  tileWidth,
  type TreeReader,
  widthOf,
} from './ledger/tiles.ts'
export { createVault, type Vault, type VaultKeys } from './ledger/vault.ts'
export type { Blind } from './ledger/words.ts'
export {
  among,
  around,
  type Direction,
  edgeOf,
  isBetween,
  mostReached,
  nodeKey,
  newestFlows,
  type ReachedNode,
  type Reached,
  touches,
  type Walk,
} from './lineage/around.ts'
export { type Columns, columnsOf, mayHold, mostColumns } from './lineage/columns.ts'
export { flowsOf } from './lineage/flows.ts'
export { actionIdOf, runEvent, type RunEvent, type RunState, runStateOf } from './lineage/openlineage.ts'
