/**
 * `Refusal` → what a model reads: an ordinary result with `isError`, never an HTTP error. A 403 would end the agent's
 * run.
 *
 * @module
 */
import type { DenyReason, Refusal } from '@countersign/schema'
import { waitTool } from './pins.ts'
import type { ToolResult } from './wire.ts'

const final = 'Do not retry unless the arguments change.'

export function sayRefusal(refusal: Refusal): ToolResult {
  switch (refusal.kind) {
    case 'denied':
      return notRun(`NOT EXECUTED. ${denied[refusal.reason]}${because(refusal.because)} ${final}`, {
        ...(refusal.actionId && { action: refusal.actionId }),
      })
    case 'rejected':
      return notRun(
        `NOT EXECUTED. Rejected by ${refusal.by}${refusal.reason ? `: ${refusal.reason}` : ''}. ${final}`,
        refusal,
      )
    case 'expired':
      return notRun(
        `NOT EXECUTED. Nobody approved it in time; approval ${refusal.approval} has expired. ${final}`,
        refusal,
      )
    case 'cancelled':
      return notRun(`NOT EXECUTED. Approval ${refusal.approval} was cancelled. ${final}`, refusal)
    case 'voided':
      return notRun(
        `NOT EXECUTED. Approval ${refusal.approval} no longer holds: what it rested on has changed. ${final}`,
        refusal,
      )
    case 'waiting':
      return notRun(
        `NOT EXECUTED. Waiting for ${refusal.groups.join(', ')}. Approval ${refusal.approval}, ${refusal.url}, ` +
          `expires ${new Date(refusal.expiresAt).toISOString()}. ` +
          `Call ${waitTool} with this id, then repeat this same call; do not change the arguments.`,
        refusal,
      )
    case 'done':
      return notRun(
        `${begunBefore(refusal.open, refusal.at)}: ${refusal.summary} ` +
          `It was not run again${refusal.open === undefined ? ', and its result was not kept' : ''}.`,
        { action: refusal.actionId },
      )
  }
}

function begunBefore(open: 'running' | 'unknown' | undefined, at: number | undefined): string {
  switch (open) {
    case 'running':
      return 'RUNNING ALREADY'
    case 'unknown':
      return 'MAY HAVE BEEN EXECUTED ALREADY'
    case undefined:
      return `ALREADY EXECUTED${at === undefined ? '' : ` at ${new Date(at).toISOString()}`}`
  }
}

/** An error result of ours, with the ids where programs find them. */
export function notRun(text: string, about: { approval?: string; action?: string; kind?: string } = {}): ToolResult {
  const { approval, action, kind } = about
  const named = Object.entries({ approval, action, state: kind }).filter(([, value]) => value !== undefined)
  return {
    isError: true,
    content: [{ type: 'text', text }],
    ...(named.length > 0 && { _meta: Object.fromEntries(named.map(([key, value]) => [`countersign/${key}`, value])) }),
  }
}

const denied: Record<DenyReason, string> = {
  prohibited: 'Policy forbids this.',
  no_grant: 'No policy allows this.',
  evaluation_error: 'The policies could not be evaluated, so the answer is no.',
  agent_stopped: 'This agent is stopped.',
  person_inactive: 'The person this is for is switched off here.',
  too_many_denials: 'Too many attempts of this agent were denied. Wait, and do not repeat what was denied.',
  too_many_questions: 'Too many questions of this agent are open. Wait for answers before you ask for more.',
  purpose_missing: 'This needs a purpose: say why in _meta["countersign/purpose"].',
  mode_not_enforcing: 'Policy asks for another way to do this.',
  obligation_not_kept: 'Policy allows this only with a mask or a limit, which cannot be kept on a tool’s answer.',
}

const because = (policies: readonly { id: string; doc: string }[]): string =>
  policies.map(({ id, doc }) => ` ${doc} (${id})`).join('')
