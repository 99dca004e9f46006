export { Action, Digest, Door, Effect, Json, Measures, Purpose, Resource, ResourceKind, Verb } from './action.ts'
export { Agent, AgentKey, isLocal, localIssuer, Person, Role } from './agent.ts'
export {
  ActionLine,
  ActionPage,
  ActionSummary,
  ActionView,
  EscalateInput,
  LastRun,
  Me,
  Moment,
  Named,
  OutcomeView,
  PolicyView,
  QuestionPage,
  QuestionState,
  QuestionSummary,
  QuestionView,
  SignatureView,
  SignInput,
  SignOffView,
  Standing,
  TimelineEntry,
  YourPart,
} from './api.ts'
export {
  CandidateView,
  ExplainInput,
  PolicyFiles,
  PolicyTests,
  PolicyUse,
  TextExplanation,
  AgentChangeInput,
  AgentInput,
  AgentList,
  AgentView,
  EventHint,
  Explanation,
  FlowView,
  Health,
  IssuedKey,
  KeyInput,
  LedgerView,
  LineageEdgeView,
  LineageNodeView,
  LineageView,
  PolicyInForce,
  LoadedBy,
  PolicySetView,
  Problem,
  ReadyLine,
  StopInput,
} from './api-house.ts'
export { PersonList, PersonView, ActivityInput, RoleInput, RoleView } from './api-people.ts'
export { ConcernView, DoorView, FollowerView, InstanceView, SystemView } from './api-system.ts'
export {
  Approval,
  type ApprovalState,
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
  AttemptKey,
  type Entry,
  type ErasedFact,
  Fact,
  type FactKind,
  type FactOf,
  KeptResult,
  Outcome,
  PermitRecord,
} from './fact.ts'
export { DataNode, DataPicture, Lineage, NamedData, Registry } from './lineage.ts'
export { ToolAcceptance, ToolDefinition, ToolList, ToolRecord, ToolStanding, ToolView } from './tool.ts'
export type { Because, Refusal } from './refusal.ts'
