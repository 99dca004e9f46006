/**
 * What the company's API answers with, and how it says no.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { CountersignError, parseJson } from '@countersign/core'
import type { z } from 'zod'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Iterable<string>
}

export const json = (status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: `${JSON.stringify(body)}\n`,
})

/** A no, in JSON. */
export const refusal = (status: number, error: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  json(status, { error }, headers)

/** What a request asks, once it has been let in. */
export interface Asked {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** Undefined for a method without one. */
  readonly body: unknown
}

const mostBytes = 64 * 1024

/** @throws ERR_INPUT_TYPE, ERR_INPUT_TOO_LARGE, ERR_INPUT_INVALID */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw new CountersignError('ERR_INPUT_TYPE')
  const chunks: Buffer[] = []
  let sizeBytes = 0
  // Read to its end even if too large: to stop in the middle would cut the connection before the answer.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength
    if (sizeBytes <= mostBytes) chunks.push(chunk)
  }
  if (sizeBytes > mostBytes) throw new CountersignError('ERR_INPUT_TOO_LARGE')
  return parseJson(Buffer.concat(chunks), { bytes: mostBytes })
}

/** @throws ERR_INPUT_INVALID */
export function read<Type>(type: z.ZodType<Type>, value: unknown): Type {
  const parsed = type.safeParse(value)
  if (!parsed.success) throw new CountersignError('ERR_INPUT_INVALID', parsed.error.issues)
  return parsed.data
}
