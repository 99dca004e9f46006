import {
  actionIdOf,
  CountersignError,
  type Follower,
  runEvent,
  type RunEvent,
  runStateOf,
  type Store,
} from '@countersign/core'
import { z } from 'zod'

export const OpenLineageConfig = z
  .strictObject({
    url: z.url().describe('Where OpenLineage events are posted, e.g. `http://marquez:5000/api/v1/lineage`.'),
    apiKey: z.string().optional().describe('Sent as a bearer token.'),
  })
  .describe('Emits an OpenLineage event for every action.')
export type OpenLineageConfig = z.infer<typeof OpenLineageConfig>

export interface OpenLineageParts {
  readonly actions: Store['actions']
  readonly names: { readonly origin: string; readonly publicUrl: string }
  /** Hands one event on; throwing means that it is handed on again later. */
  send(event: RunEvent): Promise<void>
}

/** Tells every action's life as OpenLineage run events, at least once and in order. */
export function openLineageFollower({ actions, names, send }: OpenLineageParts): Follower {
  return {
    name: 'openlineage',
    async follow(entry) {
      const state = runStateOf(entry)
      const id = actionIdOf(entry)
      const action = state && id !== undefined ? await actions.get(id) : undefined
      if (state && action) await send(runEvent(state, entry.at, action.life, names))
    },
  }
}

/** Posts a body and gives the status of the answer; the house's own guarded way out. */
export type Post = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>

/** Hands events to a sink, each until it is taken. */
export const postTo =
  ({ url, apiKey }: OpenLineageConfig, post: Post): OpenLineageParts['send'] =>
  async (event) => {
    const authorization = apiKey === undefined ? undefined : { authorization: `Bearer ${apiKey}` }
    const status = await post(url, { 'content-type': 'application/json', ...authorization }, JSON.stringify(event))
    // A sink that will never take this event (a 4xx) must not hold up those behind it.
    if (status >= 500 || status === 429) throw new CountersignError('ERR_UPSTREAM', { url, status })
  }
