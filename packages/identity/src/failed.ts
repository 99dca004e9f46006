import { CountersignError } from '@countersign/core'

/**
 * What kind of thing went wrong, and so who can do something about it.
 *
 * - `away`: the provider cannot be reached, or is not itself now
 * - `misconfigured`: provider and configuration do not fit each other
 * - `token`: the ID token does not say what it has to
 * - `clock`: this machine and the provider do not agree what time it is
 * - `cancelled`: the provider or the person said no
 * - `again`: this attempt is stale; another one may do
 * - `left`: this person may not come in any more
 */
export type SignInTrouble = 'away' | 'misconfigured' | 'token' | 'clock' | 'cancelled' | 'again' | 'left'

export interface SignInFailure {
  readonly kind: SignInTrouble
  /** In words of ours: for the person at the browser, too. */
  readonly why: string
  /** In the provider's or the network's words: for the log and for those who run it. */
  readonly cause?: string
}

export const signInFailed = (kind: SignInTrouble, why: string, cause?: string) =>
  new CountersignError('ERR_SIGN_IN_FAILED', {
    kind,
    why,
    ...(cause !== undefined && { cause }),
  } satisfies SignInFailure)

/** What an ERR_SIGN_IN_FAILED carries as its detail. */
export const failureOf = (error: CountersignError): SignInFailure =>
  (error.detail as SignInFailure | undefined) ?? { kind: 'again', why: 'it did not work' }
