/**
 * An agent of the story at work: over HTTP, or over MCP as its clients speak it.
 *
 * @module
 */
import type { Step } from './steps.ts'

export interface SendParts {
  readonly publicUrl: string
  readonly gatewayUrl: string
  readonly key: string
  /** How long the agent waits for people, in seconds. Default 0. */
  readonly waitSeconds?: number
  /** Idempotency-Key. Default: none. */
  readonly attempt?: string
  /** Hangs up when it aborts. */
  readonly signal?: AbortSignal
}

/** What the agent was told. */
export interface Told {
  readonly status: number
  readonly text: string
  /** The question, where people are asked. */
  readonly approval: string | undefined
}

export const send = (step: Pick<Step, 'purpose' | 'call'>, parts: SendParts): Promise<Told> =>
  step.call.over === 'http' ? sendHttp(step, step.call, parts) : sendMcp(step, step.call, parts)

async function sendHttp(
  { purpose }: Pick<Step, 'purpose'>,
  { method, path, body }: Extract<Step['call'], { over: 'http' }>,
  { gatewayUrl, key, waitSeconds = 0, attempt, signal }: SendParts,
): Promise<Told> {
  const response = await fetch(`${gatewayUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      'countersign-purpose': purpose,
      prefer: `wait=${waitSeconds}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(attempt !== undefined && { 'idempotency-key': attempt }),
    },
    ...(body && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  })
  const text = await response.text()
  return { status: response.status, text, approval: approvalIn(text) }
}

/** https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http, as much as a call takes. */
async function sendMcp(
  { purpose }: Pick<Step, 'purpose'>,
  call: Extract<Step['call'], { over: 'mcp' }>,
  { publicUrl, key, signal }: SendParts,
): Promise<Told> {
  let session: string | undefined
  const post = (message: object) =>
    fetch(`${publicUrl}/mcp/files`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
        ...(session !== undefined && { 'mcp-session-id': session }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      ...(signal && { signal }),
    })
  const clientInfo = { name: 'demo-agent', version: '1.0.0' }
  const hello = await post({
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
  })
  session = hello.headers.get('mcp-session-id') ?? undefined
  await hello.text()
  await (await post({ method: 'notifications/initialized' })).text()
  const params = { name: call.tool, arguments: call.arguments, _meta: { 'countersign/purpose': purpose } }
  const answer = await post({ id: 2, method: 'tools/call', params })
  const text = await answer.text()
  await fetch(`${publicUrl}/mcp/files`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${key}`, ...(session !== undefined && { 'mcp-session-id': session }) },
    ...(signal && { signal }),
  })
  return { status: answer.status, text, approval: approvalIn(text) }
}

const approvalIn = (text: string) => /apr_[0-9a-f-]{36}/.exec(text)?.[0]
