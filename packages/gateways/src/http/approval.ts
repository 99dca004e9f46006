/**
 * How a question stands: what an agent that was not waited for asks, and may wait for.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { CountersignError, type Caller, type GatewayContext, type Signal } from '@countersign/core'
import { approvalPath } from './refuse.ts'

/** The id in `/.countersign/approvals/<id>`, or nothing if the target is another. */
export function askedAbout(target: string | undefined): { id: string; waitSeconds: number } | undefined {
  if (!target?.startsWith(approvalPath)) return undefined
  const [id = '', query] = target.slice(approvalPath.length).split('?')
  if (!/^[\w-]{1,100}$/.test(id)) throw new CountersignError('ERR_APPROVAL_UNKNOWN')
  const wait = /^\d{1,6}$/.exec(new URLSearchParams(query).get('wait') ?? '')?.[0] ?? 0
  return { id, waitSeconds: Number(wait) }
}

/** @throws ERR_APPROVAL_UNKNOWN, ERR_METHOD */
export async function answerQuestion(
  { method }: IncomingMessage,
  response: ServerResponse,
  asked: { id: string; waitMs: number; caller: Caller; services: GatewayContext; signal: Signal },
): Promise<void> {
  if (method !== 'GET') throw new CountersignError('ERR_METHOD')
  const status = await asked.services.question(asked.id, asked.caller, asked.waitMs, asked.signal)
  const { approval, state, groups, expiresAt, url, reason } = status
  const body = JSON.stringify({ approval, state, groups, expiresAt: new Date(expiresAt).toISOString(), url, reason })
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(state === 'open' && { 'retry-after': '5' }),
  })
  response.end(body)
}
