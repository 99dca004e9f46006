export { Action, Digest, Mode, Effect, Json, Measures, Purpose, Resource, ResourceKind, Verb } from './action.ts'
export { Actor, byAgent, byOperator, byPerson, bySystem } from './actor.ts'
export { Account, Agent, AgentKey, isLocal, LinkedAccount, localIssuer, Person, Role } from './agent.ts'
export { ActionSummary, Me, Moment, Named, OutcomeView, PolicyView, SignatureView, Standing } from './api/api.ts'
export { ActionLine, ActionPage, ActionView, TimelineEntry } from './api/actions.ts'
export {
  AgentChangeInput,
  AgentInput,
  AgentList,
  AgentView,
  IssuedKey,
  KeyInput,
  ReadyLine,
  StopInput,
} from './api/agents.ts'
export { FlowView, LedgerView, LineageEdgeView, LineageNodeView, LineageView } from './api/ledger.ts'
export {
  CandidateView,
  ExplainInput,
  Explanation,
  LoadedBy,
  PolicyFiles,
  PolicyInForce,
  PolicySetView,
  PolicyTests,
  PolicyUse,
  TextExplanation,
} from './api/policies.ts'
export {
  EscalateInput,
  LastRun,
  ApprovalPage,
  ApprovalSummary,
  ApprovalView,
  SignInput,
  SignOffView,
  YourPart,
} from './api/approvals.ts'
export {
  AccountInput,
  ActivityInput,
  OwnAccountInput,
  PersonList,
  PersonView,
  RoleInput,
  RoleView,
} from './api/people.ts'
export {
  ConcernView,
  GatewayView,
  EventHint,
  FollowerView,
  Health,
  InstanceView,
  Problem,
  SystemView,
} from './api/system.ts'
export {
  Approval,
  ApprovalState,
  Card,
  Countersignature,
  type GrantedApproval,
  type OpenApproval,
  Proof,
  Verdict,
} from './approval.ts'
export { Assurance, Decision, DenyReason, Obligation, Risk, RiskSignal, SignOff, Terms } from './decision.ts'
export {
  type ActionLife,
  ActionRecord,
  AllowedPermit,
  AttemptKey,
  type Entry,
  type ErasedFact,
  Fact,
  type FactKind,
  type FactOf,
  KeptResult,
  Outcome,
  Reported,
  PermitRecord,
} from './fact.ts'
export { DataNode, DataUse, Lineage, NamedData, Registry } from './lineage.ts'
export { ToolAcceptance, ToolDefinition, ToolList, ToolRecord, ToolStanding, ToolView } from './tool.ts'
export type { Because, Refusal } from './refusal.ts'
