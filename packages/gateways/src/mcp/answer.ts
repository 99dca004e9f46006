/**
 * The methods that are served, one answer each.
 *
 * @module
 */
import { type Caller, createSignal, type GatewayContext, isError, type Signal } from '@countersign/core'
import { z } from 'zod'
import { passToolCall } from './attempt.ts'
import type { McpConfig, ServerConfig } from './config.ts'
import { prospectOf } from './describe.ts'
import { patienceMs, startPulse } from './hold.ts'
import { waitTool } from './pins.ts'
import { notRun } from './refuse.ts'
import type { Session, Sessions } from './session.ts'
import type { Outlet } from './stream.ts'
import type { Upstream } from './upstream.ts'
import { instructions, waitDefinition, waitForAnswer } from './wait.ts'
import {
  isJsonObject,
  isRpcId,
  type JsonObject,
  type Message,
  rpcError,
  type RpcId,
  rpcResult,
  versions,
} from './wire.ts'

export interface Server {
  readonly name: string
  readonly config: ServerConfig
  readonly upstream: Upstream
}

export type RpcRequest = Extract<Message, { kind: 'request' }>

export interface From {
  readonly server: Server
  readonly session: Session
  readonly caller: Caller
}

/** An answer that is there, or one that goes to the outlet; `ended` once it has. */
export type Answered =
  | { readonly kind: 'said'; readonly message: string }
  | { readonly kind: 'later'; readonly ended: Promise<void> }

/** What a client says of itself when it opens a session. */
export interface Hello {
  readonly client: { readonly name: string; readonly version: string }
  /** The version that is spoken from now on. */
  readonly version: string
  /** The answer. */
  readonly message: string
}

export interface Answers {
  /** The answer, JSON, where what it says is no greeting. */
  hello(message: RpcRequest, server: Server): Hello | string
  /** `open` is called where the answer takes its time; `left` is to be called when the client has gone. */
  answer(message: RpcRequest, from: From, open: (left: () => void) => Outlet): Promise<Answered>
  cancel(session: Session, params: JsonObject): void
  /** Resolves when no attempt is under way any more. */
  settled(): Promise<void>
}

export interface AnswerParts {
  readonly config: McpConfig
  readonly services: GatewayContext
  readonly sessions: Sessions
}

export const closingNow =
  'Countersign is closing; nothing was run. Whoever was asked is still asked: the same call, sent again in a moment, finds its question.'

export function createAnswers({ config, services, sessions }: AnswerParts): Answers {
  const running = new Set<Promise<void>>()

  /** Only what this agent could ever be let use: a tool that is refused whatever it is given only tempts. */
  async function listTools(
    { id }: RpcRequest,
    { name, config: of, upstream }: Server,
    caller: Caller,
  ): Promise<string> {
    try {
      const tools = await upstream.tools()
      const usable = tools.filter(({ tool }) => services.couldAllow(caller, prospectOf(name, of, tool.name)))
      const shown = [...usable.map(({ text }) => text), JSON.stringify(waitDefinition)]
      return rpcResult(id, `{"tools":[${shown.join(',')}]}`)
    } catch (error) {
      if (!isError(error, 'ERR_UPSTREAM', 'ERR_UPSTREAM_LATE', 'ERR_STORE_UNAVAILABLE')) throw error
      services.log({ level: 'warn', says: 'Tools could not be listed.', server: name, code: error.code })
      return rpcError(id, -32603, error.message)
    }
  }

  /** Headers go out at once; the rest is told as it happens. */
  function callTool({ id, params }: RpcRequest, from: From, open: (left: () => void) => Outlet): Answered {
    const { session } = from
    const called = toolCallIn(params)
    if (!called) return said(rpcError(id, -32602, 'tools/call needs a name, and arguments that are an object.'))
    const key = keyOf(id)
    if (session.attempts.has(key)) return said(rpcError(id, -32600, 'This id is in use.'))
    if (session.attempts.size >= mostAttempts)
      return said(rpcError(id, -32000, 'Too many calls are open in this session.'))
    if (sessions.full(session.credential))
      return said(rpcError(id, -32000, 'Too many calls are open with this credential.'))

    const leave = createSignal()
    const { signal } = leave
    const cancel = () => leave.abort()
    const progress = { begun: false }
    const outlet = open(cancel)
    // A cancelled call gets no answer (https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/cancellation).
    signal.addEventListener('abort', () => void outlet.finish())
    session.attempts.set(key, {
      cancel,
      async close() {
        if (progress.begun) return
        const told = outlet.finish(rpcResult(id, JSON.stringify(notRun(`NOT EXECUTED. ${closingNow}`))))
        cancel()
        await told
      },
    })
    const work = pass({ id, called, outlet, signal, progress, ...from }).finally(() => {
      session.attempts.delete(key)
      session.touchedAt = services.clock.now()
      running.delete(work)
    })
    running.add(work)
    return { kind: 'later', ended: work }
  }

  async function pass({ id, called, outlet, signal, progress, server, session, caller }: Passing): Promise<void> {
    const { name: tool, arguments: args, _meta: meta } = called
    const asked = meta['progressToken']
    const token = isRpcId(asked) ? asked : undefined
    const pulse = startPulse({ stream: outlet, token, everyMs: config.progressEveryMs })
    const answer = (result: string) => {
      pulse.stop()
      return outlet.finish(rpcResult(id, result))
    }
    try {
      if (tool === waitTool) {
        const waitMs = patienceMs(config, session.client.name, token)
        const saying = (text: string) => pulse.say(() => text)
        const told = await waitForAnswer(args, { services, caller, patienceMs: waitMs, signal, saying })
        await answer(JSON.stringify(told))
      } else {
        const about = { services, config, server, session, caller, id, tool, args, meta, token }
        await passToolCall({ ...about, pulse, signal, progress, answer })
      }
    } catch {
      services.log({ level: 'error', says: 'A call could not be answered.', server: server.name })
    } finally {
      await answer(JSON.stringify(notRun('This call could not be answered. Look before you repeat it.'))) // unless it was
    }
  }

  return {
    hello({ id, params }, server) {
      const asked = Initialize.safeParse(params)
      if (!asked.success) return rpcError(id, -32602, 'initialize needs protocolVersion, capabilities and clientInfo.')
      const { protocolVersion, clientInfo: client } = asked.data
      const version = versions.find((each) => each === protocolVersion) ?? versions[0]
      const result = {
        protocolVersion: version,
        capabilities: { tools: { listChanged: true } },
        serverInfo: {
          name: `countersign/${server.name}`,
          title: `${server.name} through Countersign`,
          version: '0.1.0',
        },
        instructions,
      }
      return { client, version, message: rpcResult(id, JSON.stringify(result)) }
    },
    async answer(message, from, open) {
      switch (message.method) {
        case 'ping':
          return said(rpcResult(message.id, '{}'))
        case 'tools/list':
          return said(await listTools(message, from.server, from.caller))
        case 'tools/call':
          return callTool(message, from, open)
        default:
          return said(rpcError(message.id, -32601, 'This method is not served here.'))
      }
    },
    cancel(session, { requestId }) {
      if (isRpcId(requestId)) session.attempts.get(keyOf(requestId))?.cancel()
    },
    settled: async () => void (await Promise.allSettled(running)),
  }
}

type Passing = From & {
  readonly id: RpcId
  readonly called: ToolCall
  readonly outlet: Outlet
  readonly signal: Signal
  readonly progress: { begun: boolean }
}

const said = (message: string): Answered => ({ kind: 'said', message })

/** Open calls of one session; one more is refused in band, so that no session takes its credential's whole share. */
const mostAttempts = 100

/** 1 and "1" are different ids. */
const keyOf = (id: RpcId): string => `${typeof id}:${id}`

const name = z
  .string()
  .max(100)
  .transform((text) => text.replace(/[^\x20-\x7e]/g, '?'))

const Initialize = z.object({
  protocolVersion: z.string().max(100),
  capabilities: z.custom<JsonObject>(isJsonObject),
  clientInfo: z.object({ name, version: name }),
})

interface ToolCall {
  readonly name: string
  readonly arguments: JsonObject
  readonly _meta: JsonObject
}

/** Letters of a tool's name; no server's is served that has more. */
const longestName = 256

function toolCallIn({ name, arguments: args, _meta: meta }: JsonObject): ToolCall | undefined {
  if (typeof name !== 'string' || name === '' || name.length > longestName) return undefined
  const [given, about] = [args ?? {}, meta ?? {}]
  return isJsonObject(given) && isJsonObject(about) ? { name, arguments: given, _meta: about } : undefined
}
