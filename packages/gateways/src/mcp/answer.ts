/**
 * The methods that are served, one answer each.
 *
 * @module
 */
import { type Caller, type Hall, isError } from '@countersign/core'
import { z } from 'zod'
import { passToolCall } from './attempt.ts'
import type { McpConfig, ServerConfig } from './config.ts'
import { prospectOf } from './describe.ts'
import { patienceMs, startPulse } from './hold.ts'
import { waitTool } from './pins.ts'
import { notRun } from './refuse.ts'
import type { Session, Sessions } from './session.ts'
import { type EventStream, openEventStream } from './stream.ts'
import type { Upstream } from './upstream.ts'
import { instructions, waitDefinition, waitForAnswer } from './wait.ts'
import { answered, type Incoming, JsonObject, rpcError, RpcId, rpcResult, versions } from './wire.ts'

export interface Server {
  readonly name: string
  readonly config: ServerConfig
  readonly upstream: Upstream
}

export type RpcRequest = Extract<Incoming, { kind: 'request' }>

export interface From {
  readonly server: Server
  readonly session: Session
  readonly caller: Caller
}

export interface Answers {
  initialize(message: RpcRequest, server: Server, caller: Caller): Response
  answer(message: RpcRequest, from: From): Promise<Response>
  cancel(session: Session, params: JsonObject): void
  /** Resolves when no attempt is under way any more. */
  settled(): Promise<void>
}

export interface AnswerParts {
  readonly config: McpConfig
  readonly hall: Hall
  readonly sessions: Sessions
}

export function createAnswers({ config, hall, sessions }: AnswerParts): Answers {
  const running = new Set<Promise<void>>()

  /** Only what this agent could ever be let use: a tool that is refused whatever it is given only tempts. */
  async function listTools({ id }: RpcRequest, { name, config, upstream }: Server, caller: Caller): Promise<Response> {
    try {
      const tools = await upstream.tools()
      const usable = tools.filter(({ tool }) => hall.couldAllow(caller, prospectOf(name, config, tool.name)))
      const shown = [...usable.map(({ text }) => text), JSON.stringify(waitDefinition)]
      return answered(rpcResult(id, `{"tools":[${shown.join(',')}]}`))
    } catch (error) {
      if (!isError(error, 'ERR_UPSTREAM', 'ERR_UPSTREAM_LATE', 'ERR_STORE_UNAVAILABLE')) throw error
      hall.log({ level: 'warn', says: 'Tools could not be listed.', server: name, code: error.code })
      return answered(rpcError(id, -32603, error.message))
    }
  }

  /** Headers go out at once; the rest is told as it happens. */
  function callTool({ id, params }: RpcRequest, from: From): Response {
    const { session } = from
    const called = ToolCall.safeParse(params)
    if (!called.success)
      return answered(rpcError(id, -32602, 'tools/call needs a name, and arguments that are an object.'))
    const key = keyOf(id)
    if (session.attempts.has(key)) return answered(rpcError(id, -32600, 'This id is in use.'))
    if (session.attempts.size >= mostAttempts)
      return answered(rpcError(id, -32000, 'Too many calls are open in this session.'))
    if (sessions.full(session.credential))
      return answered(rpcError(id, -32000, 'Too many calls are open with this credential.'))

    const cancelled = new AbortController()
    const { signal } = cancelled
    const stream = openEventStream(() => cancelled.abort())
    // A cancelled call gets no answer (https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/cancellation).
    signal.addEventListener('abort', () => void stream.finish())
    session.attempts.set(key, cancelled)
    const work = pass({ id, called: called.data, stream, signal, ...from }).finally(() => {
      session.attempts.delete(key)
      session.touchedAt = hall.clock.now()
      running.delete(work)
    })
    running.add(work)
    return stream.response
  }

  async function pass({ id, called, stream, signal, server, session, caller }: Passing): Promise<void> {
    const { name: tool, arguments: args, _meta: meta } = called
    const token = RpcId.safeParse(meta['progressToken']).data
    const pulse = startPulse({ stream, token, everyMs: config.progressEveryMs })
    const answer = (result: string) => {
      pulse.stop()
      return stream.finish(rpcResult(id, result))
    }
    try {
      if (tool === waitTool) {
        const waitMs = patienceMs(config, session.client.name, token)
        const saying = (text: string) => pulse.say(() => text)
        const told = await waitForAnswer(args, { hall, caller, patienceMs: waitMs, signal, saying })
        await answer(JSON.stringify(told))
      } else {
        await passToolCall({
          hall,
          config,
          server,
          session,
          caller,
          id,
          tool,
          args,
          meta,
          token,
          pulse,
          signal,
          answer,
        })
      }
    } catch {
      hall.log({ level: 'error', says: 'A call could not be answered.', server: server.name })
    } finally {
      await answer(JSON.stringify(notRun('This call could not be answered. Look before you repeat it.'))) // unless it was
    }
  }

  return {
    initialize({ id, params }, server, { credential }) {
      const asked = Initialize.safeParse(params)
      if (!asked.success)
        return answered(rpcError(id, -32602, 'initialize needs protocolVersion, capabilities and clientInfo.'))
      const { protocolVersion, clientInfo } = asked.data
      const session = sessions.open({ server: server.name, credential, client: clientInfo })
      if (!session) return answered(rpcError(id, -32000, 'Too many sessions are open.'), 503)
      const result = {
        protocolVersion: versions.find((version) => version === protocolVersion) ?? versions[0],
        capabilities: { tools: { listChanged: true } },
        serverInfo: {
          name: `countersign/${server.name}`,
          title: `${server.name} through Countersign`,
          version: '0.1.0',
        },
        instructions,
      }
      return answered(rpcResult(id, JSON.stringify(result)), 200, { 'mcp-session-id': session.id })
    },
    async answer(message, from) {
      switch (message.method) {
        case 'ping':
          return answered(rpcResult(message.id, '{}'))
        case 'tools/list':
          return listTools(message, from.server, from.caller)
        case 'tools/call':
          return callTool(message, from)
        default:
          return answered(rpcError(message.id, -32601, 'This method is not served here.'))
      }
    },
    cancel(session, { requestId }) {
      const id = RpcId.safeParse(requestId)
      if (id.success) session.attempts.get(keyOf(id.data))?.abort()
    },
    settled: async () => void (await Promise.allSettled(running)),
  }
}

type Passing = From & {
  readonly id: RpcId
  readonly called: ToolCall
  readonly stream: EventStream
  readonly signal: AbortSignal
}

const mostAttempts = 100

/** 1 and "1" are different ids. */
const keyOf = (id: RpcId): string => `${typeof id}:${id}`

const name = z
  .string()
  .max(100)
  .transform((text) => text.replace(/[^\x20-\x7e]/g, '?'))

const Initialize = z.object({
  protocolVersion: z.string().max(100),
  capabilities: JsonObject,
  clientInfo: z.object({ name, version: name }),
})

const ToolCall = z.object({
  name: z.string().min(1).max(200),
  arguments: JsonObject.default({}),
  _meta: JsonObject.default({}),
})
type ToolCall = z.infer<typeof ToolCall>
