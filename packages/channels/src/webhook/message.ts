import { createHmac } from 'node:crypto'
import type { Notice } from '@countersign/core'

/** What a webhook says of a question: where it stands and where to answer it, none of what the agent wrote. */
export function messageOf({ approval, version, state, at, card, groups, expiresAt, url }: Notice) {
  const { action, dataUse } = card.bound
  return {
    type: `approval.${state}`,
    timestamp: new Date(at).toISOString(),
    data: {
      approval,
      version,
      state,
      agent: action.agent,
      verb: action.verb,
      operation: action.operation,
      environment: action.environment,
      risk: card.advisory.risk.score,
      classes: dataUse.classes,
      groups,
      expiresAt: new Date(expiresAt).toISOString(),
      url,
    },
  }
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme */
export function signatureHeaders(id: string, atSeconds: number, body: string, secret: Uint8Array) {
  const signature = createHmac('sha256', secret).update(`${id}.${atSeconds}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(atSeconds),
    'webhook-signature': `v1,${signature}`,
  }
}
