import { createHmac } from 'node:crypto'
import {
  askedGroups,
  type Concerns,
  CountersignError,
  type Desk,
  type Gate,
  type GatewayContext,
  type LogLine,
  type PolicyEngine,
  sampled,
  startPatience,
  type Store,
  type ToolPins,
} from '@countersign/core'

export interface GatewayContextParts {
  readonly store: Store
  readonly gate: Gate
  readonly desk: Desk
  readonly policy: PolicyEngine
  readonly pins: ToolPins
  /** 32 bytes; keys for other purposes are derived from it. */
  readonly key: Uint8Array
  readonly publicUrl: string
  readonly concerns: Concerns
  mount: GatewayContext['mount']
  identify: GatewayContext['identify']
  log(line: LogLine): void
}

/** What gateways are given. */
export function createGatewayContext({
  store,
  gate,
  desk,
  policy,
  pins,
  key,
  publicUrl,
  concerns,
  mount,
  identify,
  log,
}: GatewayContextParts): {
  services: GatewayContext
  /** What agents could be allowed may be something else from now on. */
  allowancesChanged(): void
} {
  const watchers = new Set<() => void>()
  const services: GatewayContext = {
    gate,
    clock: store.clock,
    publicUrl,
    identify,
    couldAllow({ agent: { id, groups, owner, team } }, prospect) {
      return policy.active().couldAllow({ ...prospect, agent: { id, groups, owner, team } })
    },
    secrets: store.secrets,
    tools: pins,
    concerns,
    tombstones: store.tombstones,
    key: (purpose) => createHmac('sha256', key).update(`countersign: ${purpose}`).digest(),
    log: sampled(log, store.clock),

    onAllowances(told) {
      watchers.add(told)
      return () => void watchers.delete(told)
    },

    mount,

    async question(id, caller, waitMs, signal) {
      const { agent, onBehalfOf } = (await desk.get(id)).card.bound.action
      // What was asked for one person is nobody else's to know, though the same agent acts for both.
      if (agent !== caller.agent.id || onBehalfOf !== caller.onBehalfOf) {
        throw new CountersignError('ERR_APPROVAL_UNKNOWN', id)
      }
      const patience = startPatience({ patienceMs: waitMs, signal })
      const approval = await desk.waitFor(id, patience.signal).finally(patience.close)
      const rejection = approval.signatures.findLast(({ verdict }) => verdict === 'reject')
      return {
        approval: id,
        state: approval.state,
        groups: askedGroups(approval),
        expiresAt: approval.expiresAt,
        url: `${publicUrl}/approvals/${id}`,
        reason: rejection?.reason,
      }
    },
  }
  return {
    services,
    allowancesChanged: () => watchers.forEach((told) => told()),
  }
}
