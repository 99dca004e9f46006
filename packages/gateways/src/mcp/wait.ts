/**
 * `countersign_wait`: the one tool of ours. It reads and waits; nothing an agent is offered decides.
 *
 * @module
 */
import { type Caller, type GatewayContext, isError, type ApprovalStatus, type Signal } from '@countersign/core'
import { z } from 'zod'
import { type Tool, waitTool } from './pins.ts'
import { notRun } from './refuse.ts'
import type { JsonObject, ToolResult } from './wire.ts'

const Wait = z.strictObject({ approval: z.string().min(1).max(200), seconds: z.number().min(0).max(43_200).optional() })

export const waitDefinition: Tool = {
  name: waitTool,
  title: 'Wait for an approval',
  description:
    'Waits until people have answered an approval, and says how it stands. It changes nothing. ' +
    'Once it says approved, repeat the original call with the same arguments.',
  inputSchema: {
    type: 'object',
    properties: {
      approval: { type: 'string', description: 'The id that the waiting call was answered with.' },
      seconds: { type: 'number', description: 'How long to wait at most.', minimum: 0 },
    },
    required: ['approval'],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
}

export const instructions =
  'Some tools here need people to approve a call. Such a call is either held until they have answered, or answered with ' +
  `"NOT EXECUTED. Waiting for …" and an approval id. Then call ${waitTool} with that id, again and again while it says that it ` +
  'is still waiting. Once it says approved, repeat the original call with exactly the same arguments: it then runs. Changed ' +
  'arguments are a new question. Do not look for another way to do what was refused.'

export interface WaitParts {
  readonly services: GatewayContext
  readonly caller: Caller
  readonly patienceMs: number
  readonly signal: Signal
  saying(text: string): void
}

export async function waitForAnswer(
  args: JsonObject,
  { services, caller, patienceMs, signal, saying }: WaitParts,
): Promise<ToolResult> {
  const wait = Wait.safeParse(args)
  if (!wait.success) return notRun(`${waitTool} takes {"approval": "apr_…", "seconds": 60}.`)
  const { approval, seconds } = wait.data
  const waitMs = seconds === undefined ? patienceMs : Math.min(patienceMs, Math.floor(seconds * 1000))
  try {
    saying(`Waiting for approval ${approval}`)
    const status = await services.question(approval, caller, waitMs, signal)
    return {
      content: [{ type: 'text', text: sayStatus(status) }],
      _meta: { 'countersign/approval': approval, 'countersign/state': status.state },
    }
  } catch (error) {
    if (isError(error, 'ERR_APPROVAL_UNKNOWN')) return notRun(error.message)
    services.log({ level: 'error', says: 'The state of an approval could not be read.' })
    return notRun('The state of this approval cannot be read now. Try again.')
  }
}

function sayStatus({ state, groups, expiresAt, url, reason }: ApprovalStatus): string {
  const because = reason === undefined ? '' : ` Reason: ${reason}`
  switch (state) {
    case 'open':
      return `Still waiting for ${groups.join(', ')} (${url}, expires ${new Date(expiresAt).toISOString()}). Nothing has run. Call ${waitTool} again.`
    case 'granted':
      return `Approved.${because} Nothing has run yet: now repeat the original call with exactly the same arguments.`
    case 'spent':
      return 'Approved, and already executed once. Repeating the call is a new question.'
    case 'rejected':
      return `Rejected.${because} Nothing has run. Do not retry unless the arguments change.`
    case 'expired':
      return 'Expired: nobody approved it in time. Nothing has run.'
    case 'cancelled':
      return `Cancelled.${because} Nothing has run.`
    case 'voided':
      return `Voided: what it rested on has changed.${because} Nothing has run.`
  }
}
