import {
  actionIdOf,
  CountersignError,
  defineFollower,
  type Post,
  runEvent,
  type RunEvent,
  runStateOf,
} from '@countersign/core'
import { OpenLineageConfig } from './config.ts'

/** Tells every action's life as OpenLineage run events, at least once and in order. */
export const openlineage = defineFollower({
  name: 'openlineage',
  config: OpenLineageConfig,
  async start(config, { actions, origin, publicUrl, postTo: outTo }) {
    const send = postTo(config, outTo(config.url))
    return {
      from: 'beginning',
      async follow(entry) {
        const state = runStateOf(entry)
        const id = actionIdOf(entry)
        const [life] = state && id !== undefined ? await actions.lives([id]) : []
        if (state && life) await send(runEvent(state, entry.at, life, { origin, publicUrl }))
      },
    }
  },
})

/**
 * Hands events to a sink. One that it will never take (a 4xx) must not hold up those behind it.
 *
 * @throws ERR_UPSTREAM while the sink is not there or asks to wait, ERR_INTERNAL where it stumbles over this event
 */
export const postTo =
  ({ url, apiKey }: OpenLineageConfig, post: Post): ((event: RunEvent) => Promise<void>) =>
  async (event) => {
    const authorization = apiKey === undefined ? undefined : { authorization: `Bearer ${apiKey}` }
    const status = await post(url, { 'content-type': 'application/json', ...authorization }, JSON.stringify(event))
    if (away.includes(status)) throw new CountersignError('ERR_UPSTREAM', { url, status })
    if (status >= 500) throw new CountersignError('ERR_INTERNAL', { url, status })
  }

/** Too many requests, bad gateway, unavailable, gateway timeout. */
const away: readonly number[] = [429, 502, 503, 504]
