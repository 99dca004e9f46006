export { type CaseResult, type CasesReport, type Cast, testPolicies } from './cases.ts'
export { countersignSchema } from './cedarschema.ts'
export { policyCases, policyDirectory } from './directory.ts'
export {
  agentGroupsOf,
  type CedarEngine,
  checkPolicies,
  type CheckReport,
  createPolicyEngine,
  type Policies,
  type PolicyParts,
  type PolicySource,
  preparePolicies,
  type Reload,
} from './engine.ts'
export { type Change, explain, type Explanation, type ExplainOptions } from './explain.ts'
export type { PolicyFile, Problem } from './problem.ts'
export type { Kind, Reach } from './prospect.ts'
export type { CedarPolicySet } from './set.ts'
export { watchContents, type WatchParts } from './watch.ts'
export { createSandbox, type Difference, type TriedOut, type Sandbox, type SandboxParts } from './sandbox.ts'
