import type { AgentView } from '@countersign/schema'

const soonMs = 14 * 86_400_000

/** When the agent is left without a key, unless it is given a new one. */
export function lastExpiry(keys: AgentView['keys'], now: number): { at: string; soon: boolean } | undefined {
  const at = keys
    .filter(({ state }) => state === 'active')
    .map(({ expiresAt }) => expiresAt)
    .toSorted()
    .at(-1)
  return at === undefined ? undefined : { at, soon: Date.parse(at) - now < soonMs }
}
