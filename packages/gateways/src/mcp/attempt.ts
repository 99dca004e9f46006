/**
 * One `tools/call`, from the message to its one answer.
 *
 * @module
 */
import {
  type Attempt,
  type Caller,
  CountersignError,
  type GatewayContext,
  isError,
  type Signal,
} from '@countersign/core'
import type { McpConfig, ServerConfig } from './config.ts'
import { describe } from './describe.ts'
import { patienceMs, type ProgressToken, type Pulse, sayWaiting } from './hold.ts'
import { notRun, sayRefusal } from './refuse.ts'
import { keep, runToolCall, unkeep } from './run.ts'
import type { Session } from './session.ts'
import type { Upstream } from './upstream.ts'
import type { JsonObject, RpcId } from './wire.ts'

export interface ToolAttempt {
  readonly services: GatewayContext
  readonly config: McpConfig
  readonly server: { readonly name: string; readonly config: ServerConfig; readonly upstream: Upstream }
  readonly session: Session
  readonly caller: Caller
  readonly id: RpcId
  readonly tool: string
  readonly args: JsonObject
  readonly meta: JsonObject
  readonly token: ProgressToken | undefined
  readonly pulse: Pulse
  readonly signal: Signal
  /** Whether a permit was given: from then on nobody can be told that nothing runs. */
  readonly progress: { begun: boolean }
  /** The one answer, JSON; true if the client got all of it. Later ones are dropped. */
  answer(result: string): Promise<boolean>
}

export async function passToolCall(call: ToolAttempt): Promise<void> {
  const { progress } = call
  try {
    const attempt = await describeAttempt(call)
    await (attempt ? call.services.gate.pass(attempt) : undefined)
  } catch (error) {
    const code = error instanceof CountersignError ? error.code : 'ERR_INTERNAL'
    call.services.log({ level: 'error', says: 'An attempt could not be passed.', server: call.server.name, code })
    const says = new CountersignError(code).message
    const why = isError(error, 'ERR_INPUT_INVALID') ? `${says} ${JSON.stringify(error.detail)}` : says
    await refuse(call, progress.begun ? `How the run ended is not recorded: ${says}` : `NOT EXECUTED. ${why}`)
  }
}

const refuse = (call: ToolAttempt, says: string) => call.answer(JSON.stringify(notRun(says)))

/** Undefined where the answer is given already: there is no such tool, or none that may be used. */
async function describeAttempt(call: ToolAttempt): Promise<Attempt | undefined> {
  const { services, config, server, session, caller, id, tool, args, meta, token, pulse, signal, progress, answer } =
    call
  const definition = await server.upstream.find(tool)
  switch (definition.kind) {
    case 'missing':
      await refuse(call, 'NOT EXECUTED. There is no such tool.')
      return undefined
    case 'quarantined':
      services.log({ level: 'warn', says: 'A quarantined tool was called.', server: server.name })
      await refuse(call, `NOT EXECUTED. This tool is quarantined: ${definition.why}. A person has to look at it first.`)
      return undefined
    case 'leftOut':
      await refuse(call, `NOT EXECUTED. This tool cannot be served: ${definition.why}.`)
      return undefined
    case 'known':
      break
  }

  const described = await describe(
    { server: server.name, config: server.config, tool: definition.tool, definition: definition.hash, args, meta },
    services.secrets,
  )
  return {
    caller,
    action: described.action,
    context: {
      ...described.context,
      attemptId: `${session.id}:${typeof id}:${id}`,
      session: session.id,
      client: `${session.client.name}/${session.client.version}`,
    },
    patienceMs: patienceMs(config, session.client.name, token),
    signal,
    held: (refusal) => pulse.say(() => sayWaiting(refusal, services.clock)),
    async run(permit) {
      progress.begun = true
      pulse.thenSay(() => 'Running')
      const { outcome, result } = await runToolCall(permit, {
        config: server.config,
        upstream: server.upstream,
        secrets: services.secrets,
        signal,
        onProgress: (each) => pulse.pass(each),
      })
      return { outcome, delivered: await answer(result), result: keep(result) }
    },
    async replay(result) {
      await answer(unkeep(result))
    },
    async refuse(refusal) {
      await answer(JSON.stringify(sayRefusal(refusal)))
    },
  }
}
