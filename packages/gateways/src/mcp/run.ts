/**
 * The run: what the permit says, and nothing else, goes to the server.
 *
 * @module
 */
import { CountersignError, type Hall, type Permit } from '@countersign/core'
import type { KeptResult, Outcome } from '@countersign/schema'
import type { ServerConfig } from './config.ts'
import { Parameters, ruleFor } from './describe.ts'
import { notRun } from './refuse.ts'
import { replaceAt } from './secrets.ts'
import type { Progress, Upstream } from './upstream.ts'
import { ToolResult } from './wire.ts'

export interface RunParts {
  readonly config: ServerConfig
  readonly upstream: Upstream
  readonly secrets: Hall['secrets']
  readonly signal: AbortSignal
  onProgress(progress: Progress): void
}

export interface RunEnd {
  readonly outcome: Outcome
  readonly result: ToolResult
}

/** Never throws: however it ends, the client and the record have to be told. */
export async function runToolCall(permit: Permit, parts: RunParts): Promise<RunEnd> {
  let begun = false
  const begin = () => {
    permit.begin()
    begun = true
  }
  try {
    return await run(permit, begin, parts)
  } catch (error) {
    const why = error instanceof CountersignError ? error.message : 'something went wrong in the house'
    return begun ? asEnd({ kind: 'unknown', says: why }) : notBegun(why)
  }
}

async function run(permit: Permit, begin: () => void, parts: RunParts): Promise<RunEnd> {
  const { config, upstream, secrets, signal, onProgress } = parts
  const { tool, arguments: sealed } = Parameters.parse(permit.action.parameters)
  if (permit.obligations.length > 0)
    return notBegun('policy attaches obligations that cannot be enforced on a tool’s answer')

  const args = await replaceAt(sealed, ruleFor(config, tool).secrets, (reference) => secrets.reveal(reference))
  const now = await upstream.find(tool)
  if (now.kind !== 'known' || now.hash !== permit.action.definition)
    return notBegun('the tool is no longer defined as it was')
  if (signal.aborted) return notBegun('the client hung up before it began')
  return asEnd(await upstream.call(tool, args, begin, onProgress))
}

function asEnd(reply: Awaited<ReturnType<Upstream['call']>>): RunEnd {
  switch (reply.kind) {
    case 'answered':
      return {
        outcome: reply.result.isError
          ? { kind: 'failed', summary: 'the tool answered with an error' }
          : { kind: 'done', summary: 'the tool answered', bytes: Buffer.byteLength(JSON.stringify(reply.result)) },
        result: reply.result,
      }
    case 'failed':
      return {
        outcome: { kind: 'failed', summary: 'the server refused it' },
        result: notRun(`The run failed: ${reply.says}.`),
      }
    case 'unknown':
      return {
        outcome: { kind: 'unknown', summary: reply.says },
        result: notRun(`The run has begun and how it ended is unknown: ${reply.says}. Look before you repeat it.`),
      }
  }
}

const notBegun = (why: string): RunEnd => ({
  outcome: { kind: 'failed', summary: `Not begun: ${why}` },
  result: notRun(`NOT EXECUTED: ${why.replace(/\.$/, '')}. You may call it again.`),
})

const mostKeptBytes = 750_000 // in Base64 a third more

/** For the attempt that comes again; what is larger is not kept. */
export function keep(result: ToolResult): KeptResult | undefined {
  const bytes = Buffer.from(JSON.stringify(result))
  return bytes.length > mostKeptBytes ? undefined : { contentType: 'application/json', body: bytes.toString('base64') }
}

export const unkeep = ({ body }: KeptResult): ToolResult =>
  ToolResult.parse(JSON.parse(Buffer.from(body, 'base64').toString('utf8')))
