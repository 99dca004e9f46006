/**
 * What is wrong with an upstream, where people look: on System, with its cause, until it answers again.
 *
 * @module
 */
import type { Concerns } from '@countersign/core'
import type { UpstreamConfig } from './config.ts'

/** What a call learnt: an answer's status, or why nothing came. */
type Learnt = { readonly status: number } | { readonly why: string; readonly reached: boolean }

/** A call that we ended ourselves says nothing of its upstream, so it is not told of here. */
export function concernOf(
  concerns: Concerns,
  name: string,
  { origin, credential }: Pick<UpstreamConfig, 'origin' | 'credential'>,
  learnt: Learnt,
): void {
  const [reach, key] = [`http/${name}: reach`, `http/${name}: credential`]
  if ('why' in learnt) {
    const what = learnt.reached ? 'did not answer a call' : 'cannot be reached'
    return concerns.raise(reach, `The HTTP upstream ${name} (${origin}) ${what}: ${learnt.why}.`)
  }
  concerns.clear(reach)
  if (learnt.status !== 401) concerns.clear(key)
  else if (credential)
    concerns.raise(
      key,
      `The HTTP upstream ${name} (${origin}) answers 401: it does not take the credential that is configured.`,
    )
}
