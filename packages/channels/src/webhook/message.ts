import { createHmac } from 'node:crypto'
import { askedGroups } from '@countersign/core'
import type { Approval } from '@countersign/schema'

/** What a webhook says of a question: where it stands and where to answer it, none of what the agent wrote. */
export function messageOf(approval: Approval, publicUrl: string) {
  const { action } = approval.card.bound
  return {
    type: `approval.${approval.state}`,
    timestamp: new Date('settledAt' in approval ? approval.settledAt : approval.askedAt).toISOString(),
    data: {
      approval: approval.id,
      version: approval.version,
      state: approval.state,
      agent: action.agent,
      verb: action.verb,
      operation: action.operation,
      environment: action.environment,
      risk: approval.card.advisory.risk.score,
      classes: approval.card.bound.dataUse.classes,
      groups: askedGroups(approval),
      expiresAt: new Date(approval.expiresAt).toISOString(),
      url: `${publicUrl}/approvals/${approval.id}`,
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
