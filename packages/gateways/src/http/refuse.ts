/**
 * Refusals and errors in HTTP's own words: problem details (https://www.rfc-editor.org/rfc/rfc9457).
 *
 * | refusal   | status | sent again                                        |
 * | --------- | ------ | ------------------------------------------------- |
 * | waiting   | 428    | joins the question; runs once it is granted (202 for `Prefer: respond-async`) |
 * | denied    | 403    | is denied again (429 if there are too many questions) |
 * | rejected  | 403    | gets the rejection again for a while              |
 * | expired, cancelled, voided | 403 | is a new question                    |
 * | done      | 409    | is not run again                                  |
 *
 * @module
 */
import { STATUS_CODES, type ServerResponse } from 'node:http'
import { CountersignError } from '@countersign/core'
import type { Refusal } from '@countersign/schema'
import { codings } from './decode.ts'
import { inForm } from './forms.ts'
import type { Problem } from './problem.ts'

/** Where an agent asks how its question stands, on this listener. */
export const approvalPath = '/.countersign/approvals/'

/** `async`: the client asked to be told that it is accepted, not done (`Prefer: respond-async`, RFC 7240 §4.1). */
export function problemOf(refusal: Refusal, { async = false } = {}): Problem {
  switch (refusal.kind) {
    case 'denied':
      return {
        status: isTooMany(refusal) ? 429 : 403,
        type: 'refusal:denied',
        reason: 'Denied By Policy',
        title: 'Policy does not allow this. Nothing was run.',
        detail: refusal.because.map(({ doc }) => doc).join(' ') || undefined,
        members: {
          reason: refusal.reason,
          policies: refusal.because,
          ...(refusal.actionId && { action: refusal.actionId }),
        },
        ...(isTooMany(refusal) && { headers: { 'retry-after': '60' } }),
      }
    case 'rejected':
      return {
        status: 403,
        type: 'refusal:rejected',
        reason: 'Rejected By A Person',
        title: 'A person rejected this. Nothing was run. Do not send it again unchanged.',
        detail: refusal.reason,
        members: { approval: refusal.approval },
      }
    case 'expired':
      return gone(refusal, 'Nobody answered in time. Nothing was run.')
    case 'cancelled':
      return gone(refusal, 'The question was withdrawn. Nothing was run.')
    case 'voided':
      return gone(refusal, 'The approval no longer holds. Nothing was run.')
    case 'waiting':
      return {
        status: async ? 202 : 428,
        type: 'refusal:waiting',
        reason: 'Waiting For People',
        title: 'Not run yet: people are being asked. Send the same request again to collect the answer.',
        detail: `Waiting for ${refusal.groups.join(', ')}.`,
        members: {
          approval: refusal.approval,
          groups: refusal.groups,
          expiresAt: new Date(refusal.expiresAt).toISOString(),
          url: refusal.url,
        },
        headers: { location: approvalPath + encodeURIComponent(refusal.approval), 'retry-after': '5' },
      }
    case 'done':
      return {
        status: 409,
        type: 'refusal:done',
        title: begunBefore(refusal.open),
        detail: refusal.summary,
        members: {
          action: refusal.actionId,
          ...(refusal.at !== undefined && { at: new Date(refusal.at).toISOString() }),
          ...(refusal.open && { open: refusal.open }),
        },
        ...(refusal.open === 'running' && { headers: { 'retry-after': '5' } }),
      }
  }
}

function begunBefore(open: 'running' | 'unknown' | undefined): string {
  switch (open) {
    case 'running':
      return 'This is running already. It is not run a second time: send the same again for its answer.'
    case 'unknown':
      return 'This may have run already: nobody knows how it ended. It is not run again.'
    case undefined:
      return 'This was run before, and its answer is not kept. It is not run again.'
  }
}

const isTooMany = ({ reason }: Extract<Refusal, { kind: 'denied' }>): boolean =>
  reason === 'too_many_questions' || reason === 'too_many_denials'

const gone = ({ kind, approval }: { kind: string; approval: string }, title: string): Problem => ({
  status: 403,
  type: `refusal:${kind}`,
  reason: `Approval ${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
  title,
  members: { approval },
})

/** The same where nobody may be kept waiting any more: the question stays, and the same request finds it again. */
export function closingOf(refusal: Refusal): Problem {
  const problem = problemOf(refusal)
  if (refusal.kind !== 'waiting') return problem
  const { status, type, title, headers } = problemOfError(new CountersignError('ERR_CLOSING'))
  return { ...problem, status, type, title, headers: { ...problem.headers, ...headers } }
}

/** Of an error's detail only our own words are shown, and the names that an ambiguity is about. */
export function problemOfError(error: unknown): Problem {
  const { code, status, message, detail } =
    error instanceof CountersignError ? error : new CountersignError('ERR_INTERNAL')
  return {
    status,
    type: `error:${code}`,
    title: message,
    detail: ownWords(detail),
    ...(status === 401 && { headers: { 'www-authenticate': challenges } }),
    ...(status === 415 && { headers: { 'accept-encoding': codings.join(', ') } }),
    ...((status === 503 || status === 429) && { headers: { 'retry-after': '1' } }),
  }
}

/** On a line each: some tools look at the first scheme of a line alone. They show a password only once asked for it. */
const challenges = ['Bearer realm="countersign"', 'Basic realm="countersign", charset="UTF-8"']

function ownWords(detail: unknown): string | undefined {
  if (typeof detail !== 'object' || detail === null) return undefined
  if ('http' in detail && typeof detail.http === 'string') return detail.http
  if ('reading' in detail && typeof detail.reading === 'string')
    return `This can be read in two ways: ${detail.reading}.`
  if ('input' in detail && typeof detail.input === 'string') return detail.input
  return 'json' in detail && typeof detail.json === 'string'
    ? `The body is not JSON as it is read here: ${detail.json}.`
    : undefined
}

/** Says it in the client's own form, once, if there is still someone to hear it and nothing was said before. */
export function say(response: ServerResponse, problem: Problem): void {
  if (response.headersSent || response.destroyed) return
  const { status, headers, body } = inForm(problem, response.req)
  const reason = status === problem.status ? (problem.reason ?? STATUS_CODES[status]) : STATUS_CODES[status]
  response.writeHead(status, reason, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...problem.headers,
  })
  response.end(body)
}
