export {
  type AgentChange,
  byKeyAgain,
  change,
  createIdentify,
  issueKey,
  parseKey,
  register,
  type Registration,
  revoke,
  rotate,
} from './agents.ts'
export type { SignedClaims } from './claims.ts'
export { failureOf, type SignInFailure, type SignInTrouble } from './failed.ts'
export { type Founding, founderRoles, mayFound, openFounding } from './founding.ts'
export type { GroupsMissing } from './groups.ts'
export { lookAtLocalFiles } from './local/files.ts'
export { localPath } from './local-path.ts'
export {
  createSignIn,
  type PendingSignIn,
  pendingForMs,
  type SignedIn,
  type SignIn,
  type SignInSettings,
  type SignInWish,
} from './oidc.ts'
export { trustworthy } from './loopback.ts'
export { personAfterSignIn, withRoles } from './people.ts'
export { type ExpectedProof, verifyIdTokenProof } from './proof.ts'
export { GroupRoles, inOffice, type RoleSource, roleSources } from './roles.ts'
export { type ConsoleSession, createMemorySessionStore, type SessionStore } from './session-store.ts'
export { createSessions, isOver, type Sessions, type SessionSettings } from './sessions.ts'
