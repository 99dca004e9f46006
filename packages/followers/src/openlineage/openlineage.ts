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

const answerWithinMs = 10_000

/** Posts to a URL; `fetch` is the house's guarded one. */
export const postTo =
  ({ url, apiKey }: OpenLineageConfig, fetch: typeof globalThis.fetch): OpenLineageParts['send'] =>
  async (event) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(event),
      redirect: 'error',
      signal: AbortSignal.timeout(answerWithinMs),
    })
    await response.body?.cancel()
    // A sink that will never take this event (a 4xx) must not hold up those behind it.
    if (response.status >= 500 || response.status === 429) throw new CountersignError('ERR_UPSTREAM', { url })
  }
