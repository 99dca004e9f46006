import { type Concerns, isError, type Running } from '@countersign/core'
import { failureOf, type SignIn } from '@countersign/identity'
import { providerKey, raise } from '../api/people/sign-in-failed.ts'

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
