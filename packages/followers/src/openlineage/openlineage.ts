import {
  actionIdOf,
  CountersignError,
  type Follower,
  type Post,
  runEvent,
  type RunEvent,
  runStateOf,
  type Store,
} from '@countersign/core'
import type { OpenLineageConfig } from './config.ts'

export interface OpenLineageParts {
  readonly actions: Pick<Store['actions'], 'lives'>
  readonly names: { readonly origin: string; readonly publicUrl: string }
  /** Hands one event on; throwing means that it is handed on again later. */
  send(event: RunEvent): Promise<void>
}

/** Tells every action's life as OpenLineage run events, at least once and in order. */
export function openLineageFollower({ actions, names, send }: OpenLineageParts): Follower {
  return {
    name: 'openlineage',
    from: 'beginning',
    async follow(entry) {
      const state = runStateOf(entry)
      const id = actionIdOf(entry)
      const [life] = state && id !== undefined ? await actions.lives([id]) : []
      if (state && life) await send(runEvent(state, entry.at, life, names))
    },
  }
}

/**
 * Hands events to a sink. One that it will never take (a 4xx) must not hold up those behind it.
 *
 * @throws ERR_UPSTREAM while the sink is not there or asks to wait, ERR_INTERNAL where it stumbles over this event
 */
export const postTo =
  ({ url, apiKey }: OpenLineageConfig, post: Post): OpenLineageParts['send'] =>
  async (event) => {
    const authorization = apiKey === undefined ? undefined : { authorization: `Bearer ${apiKey}` }
    const status = await post(url, { 'content-type': 'application/json', ...authorization }, JSON.stringify(event))
    if (away.includes(status)) throw new CountersignError('ERR_UPSTREAM', { url, status })
    if (status >= 500) throw new CountersignError('ERR_INTERNAL', { url, status })
  }

/** Too many requests, bad gateway, unavailable, gateway timeout. */
const away: readonly number[] = [429, 502, 503, 504]
