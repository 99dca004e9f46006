/**
 * The run: what the permit says, and nothing else, goes to the server.
 *
 * @module
 */
import { CountersignError, type GatewayContext, type Permit, type Signal } from '@countersign/core'
import type { KeptResult, Outcome } from '@countersign/schema'
import type { ServerConfig } from './config.ts'
import { parametersOf, restore } from './parameters.ts'
import { notRun } from './refuse.ts'
import type { Progress } from './conversation.ts'
import type { Reply } from './reply.ts'
import type { Upstream } from './upstream.ts'

export interface RunParts {
  readonly config: ServerConfig
  readonly upstream: Upstream
  readonly secrets: GatewayContext['secrets']
  readonly signal: Signal
  onProgress(progress: Progress): void
}

export interface RunEnd {
  readonly outcome: Outcome
  /** JSON, as the client gets it. */
  readonly result: string
}

/** Never throws: however it ends, the client and the record have to be told. */
export async function runToolCall(permit: Permit, parts: RunParts): Promise<RunEnd> {
  const sent = { begun: false }
  try {
    return await run(permit, sent, parts)
  } catch (error) {
    const why = error instanceof CountersignError ? error.message : 'something went wrong in Countersign'
    return sent.begun ? asEnd({ kind: 'unknown', says: why }) : notBegun(parts.signal.aborted ? hungUp : why)
  }
}

const hungUp = 'the client hung up before it began'

async function run(permit: Permit, sent: { begun: boolean }, parts: RunParts): Promise<RunEnd> {
  const { upstream, secrets, signal, onProgress } = parts
  const parameters = parametersOf(permit.action.parameters)
  const { tool } = parameters
  if (permit.obligations.length > 0)
    return notBegun('policy attaches obligations that cannot be enforced on a tool’s answer')

  const { revoked } = permit
  if (revoked.aborted) return notBegun(String(revoked.reason))

  const args = await restore(parameters, secrets)
  const begin = () => {
    if (signal.aborted) throw new Error(hungUp)
    permit.begin()
    sent.begun = true
  }
  for (let again = false; ; again = true) {
    const now = await upstream.find(tool)
    if (now.kind !== 'known' || now.hash !== permit.action.definition)
      return notBegun('the tool is no longer defined as it was')
    const reply = await upstream.call({ tool, args, cut: revoked, begin, onProgress })
    // A session that the server has lost cost nothing but the message: the same permit, in a new one, once more.
    if (reply.kind !== 'forgotten') return asEnd(reply)
    sent.begun = false
    if (again) return asEnd({ kind: 'failed', says: 'the server knows no session of ours, though one was just opened' })
  }
}

function asEnd(reply: Exclude<Reply, { kind: 'forgotten' }>): RunEnd {
  switch (reply.kind) {
    case 'answered':
      return {
        outcome: reply.isError
          ? { kind: 'failed', summary: 'the tool answered with an error' }
          : { kind: 'done', summary: 'the tool answered', bytes: Buffer.byteLength(reply.result) },
        result: reply.result,
      }
    case 'failed':
      return {
        outcome: { kind: 'failed', summary: 'the server refused it' },
        result: JSON.stringify(notRun(`The run failed: ${reply.says}.`)),
      }
    case 'unknown':
      return {
        outcome: { kind: 'unknown', summary: reply.says },
        result: JSON.stringify(
          notRun(`The run has begun and how it ended is unknown: ${reply.says}. Look before you repeat it.`),
        ),
      }
  }
}

const notBegun = (why: string): RunEnd => ({
  outcome: { kind: 'failed', summary: `Not begun: ${why}` },
  result: JSON.stringify(notRun(`NOT EXECUTED: ${why.replace(/\.$/, '')}. You may call it again.`)),
})

/** In Base64 a third more. A larger result is delivered once, and not kept for a repeat. */
const mostKeptBytes = 750_000

/** For the attempt that comes again; what is larger is not kept. */
export function keep(result: string): KeptResult | undefined {
  const bytes = Buffer.from(result)
  return bytes.length > mostKeptBytes ? undefined : { contentType: 'application/json', body: bytes.toString('base64') }
}

/** JSON, as it was. */
export const unkeep = ({ body }: KeptResult): string => Buffer.from(body, 'base64').toString('utf8')
