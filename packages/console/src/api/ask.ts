/**
 * One request to Countersign, and its answer as a value.
 *
 * @module
 */
import type { Problem } from '@countersign/schema'
import { createReach } from './reach.ts'
import { keys } from './browser-binding.ts'

/** Why there is no answer, in Countersign's words; `status` 0: Countersign was not reached. */
export interface Trouble {
  readonly status: number
  readonly code: string
  readonly says: string
  readonly detail?: string
  readonly requestId?: string
}

export type Reply<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly trouble: Trouble }

/** One per window. */
export const reach = createReach(() => Date.now())

/** The server has validated what it sends, so the type is taken at its word. */
export const get = <Value>(path: string): Promise<Reply<Value>> => ask(path, { method: 'GET' })

export const post = <Value>(path: string, body: unknown): Promise<Reply<Value>> =>
  ask(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...keys() },
  })

/** Beyond this Countersign counts as not reached. */
const patienceMs = 20_000

async function ask<Value>(path: string, init: RequestInit): Promise<Reply<Value>> {
  const found = reach.asked()
  const reply = await sent<Value>(path, init)
  if (!reply.ok && isLost(reply.trouble)) reach.lost()
  else found()
  return reply
}

/** Nobody answered, or only what stands before Countersign and says that it cannot be reached. */
export const isLost = ({ status, code }: Trouble): boolean => status === 0 || /^HTTP_50[234]$/.test(code)

async function sent<Value>(path: string, init: RequestInit): Promise<Reply<Value>> {
  try {
    const response = await fetch(path, { ...init, signal: AbortSignal.timeout(patienceMs), redirect: 'error' })
    const text = await response.text()
    if (!response.ok) return { ok: false, trouble: troubleOf(response.status, text) }
    return { ok: true, value: (text === '' ? undefined : JSON.parse(text)) as Value }
  } catch {
    return { ok: false, trouble: unreached }
  }
}

const unreached: Trouble = {
  status: 0,
  code: 'OFFLINE',
  says: 'Countersign cannot be reached.',
  detail: 'Open questions wait on the server: nothing is lost, and nothing runs without an answer.',
}

/** RFC 9457, or whatever stood in between. */
export function troubleOf(status: number, text: string): Trouble {
  try {
    const { code, title, detail, requestId } = JSON.parse(text) as Partial<Problem>
    if (typeof code === 'string' && typeof title === 'string') {
      return { status, code, says: title, ...(detail && { detail }), ...(requestId && { requestId }) }
    }
  } catch {
    // not Countersign's own words
  }
  return { status, code: `HTTP_${status}`, says: `The server answered ${status}.` }
}
