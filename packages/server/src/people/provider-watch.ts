import { type Concerns, isError, type Running } from '@countersign/core'
import { failureOf, type SignIn, type SignInFailure, type SignInTrouble } from '@countersign/identity'

/** Between two tries to reach an identity provider that cannot be reached. */
const pauseMs = 30_000

/** Looks from the start whether the identity provider can be reached, and until it can: nobody has to fail first. */
export function watchProvider(signIn: Pick<SignIn, 'reach'>, concerns: Concerns, waitMs: number = pauseMs): Running {
  let timer: NodeJS.Timeout | undefined
  let closed = false
  void look()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
    },
  }

  async function look(): Promise<void> {
    try {
      await signIn.reach()
      concerns.clear(providerKey)
    } catch (error) {
      if (!isError(error, 'ERR_SIGN_IN_FAILED')) throw error
      if (closed) return
      raise(concerns, failureOf(error))
      timer = setTimeout(() => void look(), waitMs).unref()
    }
  }
}

/** Whose making it is: for these somebody has to do something, so they stand on System until it works again. */
const concerning: readonly SignInTrouble[] = ['away', 'misconfigured', 'token', 'clock']

export const providerKey = 'sign-in/provider'

export function raise(concerns: Concerns, { kind, why, cause }: SignInFailure): void {
  if (!concerning.includes(kind)) return
  concerns.raise(providerKey, `Signing in does not work: ${why}${cause === undefined ? '' : ` (${cause})`}.`)
}
