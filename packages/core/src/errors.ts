/**
 * Every error that Countersign can raise, in one table. `docs/errors.md` is printed from it.
 *
 * @module
 */
export const catalogue = {
  ERR_INPUT_INVALID: { status: 400, says: 'This input is not valid.' },
  ERR_INPUT_TOO_LARGE: { status: 413, says: 'This input is too large.' },
  ERR_INPUT_TYPE: { status: 415, says: 'This content type is not served here.' },
  ERR_METHOD: { status: 405, says: 'This method is not served here.' },
  ERR_EXPECTATION: { status: 417, says: 'Nothing but 100-continue can be expected here.' },
  ERR_HEADERS_TOO_LARGE: { status: 431, says: 'These headers are too large.' },
  ERR_AGENT_UNKNOWN: { status: 401, says: 'No agent is known by this credential.' },
  ERR_CREDENTIAL_KIND: { status: 401, says: 'This kind of credential proves nobody here. Show a key of Countersign.' },
  ERR_AGENT_STOPPED: { status: 403, says: 'This agent is stopped.' },
  ERR_AGENT_MISSING: { status: 404, says: 'There is no such agent.' },
  ERR_AGENT_RETIRED: { status: 409, says: 'This agent is retired. It does not come back; register another.' },
  ERR_GROUP_UNKNOWN: { status: 400, says: 'There is no such group.' },
  ERR_ACTION_MISSING: { status: 404, says: 'There is no such action.' },
  ERR_TOOL_CHANGED: { status: 409, says: 'This tool is no longer defined as it was. Look at it again.' },
  ERR_TOOL_UNKNOWN: { status: 404, says: 'There is no such tool.' },
  ERR_PERSON_MISSING: { status: 404, says: 'There is no such person.' },
  ERR_ACCOUNT_TAKEN: { status: 409, says: 'This account is linked to somebody else. Unlink it there first.' },
  ERR_ACCOUNT_UNKNOWN: { status: 403, says: 'This account is linked to nobody here. An administrator can link it.' },
  ERR_ACCOUNT_UNCONFIRMED: {
    status: 403,
    says: 'Nobody has confirmed yet that this account is theirs. Whose it is does so in the console, once.',
  },
  ERR_PEOPLE_ELSEWHERE: { status: 409, says: 'People are not added here: they come from the identity provider.' },
  ERR_NOT_FOUND: { status: 404, says: 'There is nothing here.' },
  ERR_SIGNED_OUT: { status: 401, says: 'Sign in first.' },
  ERR_NOT_ALLOWED: { status: 403, says: 'You have no role that allows this.' },
  ERR_WINDOW: { status: 403, says: 'This is not the window that signed in. Sign in again here.' },
  ERR_ORIGIN: { status: 403, says: 'This request comes from another site.' },
  ERR_HOST: { status: 421, says: 'This name is not served here.' },
  ERR_TOKEN_REFUSED: { status: 401, says: 'No token opens this. A person signs in with a browser.' },
  ERR_TOO_MANY: { status: 429, says: 'Too many at the same time. Close some, then try again.' },
  ERR_SIGN_IN_FAILED: { status: 401, says: 'Signing in did not work.' },
  ERR_APPROVAL_UNKNOWN: { status: 404, says: 'There is no such approval.' },
  ERR_APPROVAL_SETTLED: { status: 409, says: 'This approval is already settled.' },
  ERR_APPROVAL_EXPIRED: { status: 409, says: 'This question has expired. Nothing was run.' },
  ERR_APPROVAL_SIGNED_TWICE: { status: 409, says: 'You have already answered this approval.' },
  ERR_SELF_APPROVAL: { status: 403, says: 'You are part of this action, so someone else has to approve it.' },
  ERR_APPROVER_NOT_ASKED: { status: 403, says: 'You are not among the people asked.' },
  ERR_APPROVER_INACTIVE: { status: 403, says: 'This person may no longer approve.' },
  ERR_MEMBERSHIP_STALE: { status: 403, says: 'Your group membership is too old to approve here. Sign in again.' },
  ERR_ASSURANCE_TOO_LOW: { status: 403, says: 'This question needs a stronger sign-in. Open it in the console.' },
  ERR_REASON_MISSING: { status: 400, says: 'This question needs a reason with the answer.' },
  ERR_CARD_CHANGED: { status: 409, says: 'What you were shown is no longer what is asked. Look again.' },
  ERR_NO_ESCALATION: { status: 409, says: 'There is nobody further to ask.' },
  ERR_GRANT_SPENT: { status: 409, says: 'This approval was already spent.' },
  ERR_PARENT_UNKNOWN: {
    status: 409,
    says: 'The run that this is said to be part of is not under way. Nothing was run.',
  },
  ERR_PERMIT_UNKNOWN: { status: 404, says: 'No such permit was handed to this credential.' },
  ERR_PERMIT_LATE: { status: 503, says: 'The permit came too late. Nothing was run.' },
  ERR_PERMIT_FINISHED: { status: 409, says: 'This run is already recorded.' },
  ERR_ATTEMPT_KNOWN: { status: 409, says: 'This attempt was already made.' },
  ERR_CEILING_EXCEEDED: { status: 409, says: 'The run would exceed what was approved. It was stopped.' },
  ERR_SECRET_UNKNOWN: { status: 409, says: 'A secret of this action can no longer be resolved.' },
  ERR_STORE_CONFLICT: { status: 409, says: 'Someone else changed this at the same time. Try again.' },
  ERR_STORE_LATE: { status: 409, says: 'It is too late for this change.' },
  ERR_STORE_UNAVAILABLE: { status: 503, says: 'The record cannot be written now, so nothing runs. Try again.' },
  ERR_SPOOL: { status: 503, says: 'There is no room now for a body of this size, so nothing was run. Try again.' },
  ERR_CLOSING: { status: 503, says: 'NOT EXECUTED: Countersign is closing. Send it again in a moment.' },
  ERR_UPSTREAM: { status: 502, says: 'The upstream could not be reached.' },
  ERR_UPSTREAM_LATE: { status: 504, says: 'The upstream did not answer in time.' },
  ERR_EGRESS_REFUSED: { status: 502, says: 'Countersign does not call this address.' },
  ERR_ANSWER_WITHHELD: { status: 502, says: 'The answer cannot be shown as policy demands, so it is withheld.' },
  ERR_POLICY_OUTDATED: {
    status: 503,
    says: 'Other policies are in force than this instance has, so it lets nothing run. Try again.',
  },
  ERR_POLICY_INVALID: { status: 422, says: 'These policies do not pass their checks.' },
  ERR_CONFIG_INVALID: { status: 500, says: 'The configuration is not valid.' },
  ERR_PORT_TAKEN: { status: 500, says: 'The port is taken.' },
  ERR_LEDGER_BROKEN: { status: 500, says: 'The ledger does not add up.' },
  ERR_INTERNAL: { status: 500, says: 'Something went wrong in Countersign. Nothing was run.' },
} as const satisfies Record<string, { status: number; says: string }>

export type ErrorCode = keyof typeof catalogue

/** `message` may be shown to anyone, the agent included; `detail` is for the log only. */
export class CountersignError extends Error {
  override readonly name = 'CountersignError'
  readonly code: ErrorCode
  readonly status: number
  readonly detail: unknown

  constructor(code: ErrorCode, detail?: unknown, options?: { cause: unknown }) {
    super(catalogue[code].says, options)
    this.code = code
    this.status = catalogue[code].status
    this.detail = detail
  }
}

/** Whether an error carries this code, wherever it comes from. */
export const isError = (error: unknown, ...codes: readonly ErrorCode[]): error is CountersignError =>
  error instanceof CountersignError && codes.includes(error.code)
