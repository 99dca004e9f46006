/**
 * The MCP gateway: `/mcp/<server>` in front of any MCP server. Each `tools/call` is an action; everything else is read-only
 * or refused.
 *
 *     client ─▶ wire ─▶ session ─▶ describe ─▶ gate ─▶ run ─▶ upstream
 *                 ◀──── one event stream per tools/call: progress while people think, then the one result
 *
 * The server side speaks Streamable HTTP itself, since it decides when headers go out and what counts as delivered, and
 * clients give up over exactly that (`hold.ts`, `stream.ts`). Towards the servers messages go as the text they are, so that what
 * is sent is what was hashed, and what comes back arrives as it was written (`conversation.ts`, `way.ts`). Of what a client may
 * ask, tools are served; resources, prompts, completion and logging are not announced and answered with "method not found".
 *
 * @module
 */
import { type Caller, defineGateway, type Hall, type Running } from '@countersign/core'
import { createAnswers, type Server } from './answer.ts'
import { McpConfig, type ServerConfig } from './config.ts'
import { fromElsewhere, identify, metadataPath, resourceMetadata } from './identify.ts'
import { notRun } from './refuse.ts'
import { createSessions, type Session } from './session.ts'
import { openEventStream } from './stream.ts'
import { createUpstream } from './upstream.ts'
import { reach } from './reach.ts'
import type { OpenWay } from './way.ts'
import { acceptsEvents, answered, type Incoming, json, readMessage, rpcError, rpcNotice, rpcResult } from './wire.ts'

export const mcp = defineGateway({
  name: 'mcp',
  config: McpConfig,
  places: ({ servers }, publicUrl) =>
    Object.entries(servers).map(([name, { observe: observes }]) => ({
      name,
      address: `${publicUrl}/mcp/${name}`,
      door: 'enforcing',
      observes,
    })),
  async start(config, hall) {
    return startMcp(config, hall, { connect: (name, server) => reach(name, server, (line) => hall.log(line)) })
  },
})

export interface McpParts {
  connect(name: string, server: ServerConfig): OpenWay
  /** How long a server may take to answer `initialize` and `tools/list`, in milliseconds. Default 60,000: some are installed first. */
  readonly connectMs?: number
}

export async function startMcp(
  config: McpConfig,
  hall: Hall,
  { connect, connectMs = 60_000 }: McpParts,
): Promise<Running> {
  const sessions = createSessions({ clock: hall.clock, idleMs: config.sessionIdleMs })
  const servers = new Map(Object.entries(config.servers).map(([name, server]) => [name, open(name, server)]))
  const answers = createAnswers({ config, hall, sessions })

  function open(name: string, server: ServerConfig): Server {
    const upstream = createUpstream({
      name,
      timeoutMs: server.timeoutMs,
      connectMs,
      clock: hall.clock,
      pins: hall.tools,
      concerns: hall.concerns,
      open: connect(name, server),
      onToolsChanged: () => tellToolsChanged(name),
      log: (line) => hall.log(line),
    })
    return { name, config: server, upstream }
  }

  function tellToolsChanged(server: string): void {
    for (const session of sessions.of(server)) {
      for (const stream of session.streams) stream.offer(rpcNotice('notifications/tools/list_changed'))
    }
  }

  async function serve(request: Request): Promise<Response> {
    const server = servers.get(nameIn(request, '/mcp/'))
    if (!server) return json({ error: 'not found' }, 404)
    if (fromElsewhere(request, hall.publicUrl)) return json({ error: 'this request comes from another site' }, 403)
    const known = await identify(request, hall, server.name)
    switch (known.kind) {
      case 'refused':
        return known.response
      case 'closed':
        return refuse(request, known)
      case 'known':
        break
    }
    switch (request.method) {
      case 'POST':
        return post(request, server, known.caller)
      case 'GET':
        return listen(request, server, known.caller)
      case 'DELETE':
        return leave(request, server, known.caller)
      default:
        return json({ error: 'method not allowed' }, 405, { allow: 'GET, POST, DELETE' })
    }
  }

  async function post(request: Request, server: Server, caller: Caller): Promise<Response> {
    const message = await read(request)
    if (message.kind === 'refused') return message.response
    if (message.kind === 'request' && message.method === 'initialize')
      return answers.initialize(message, server, caller)

    const session = sessionOf(request, server, caller)
    if (!session) return noSession(request, message)
    switch (message.kind) {
      case 'response':
        return accepted()
      case 'notification':
        if (message.method === 'notifications/cancelled') answers.cancel(session, message.params)
        return accepted()
      case 'request':
        return answers.answer(message, { server, session, caller })
    }
  }

  /** What a server has to tell unasked: that its tools have changed. */
  function listen(request: Request, server: Server, caller: Caller): Response {
    if (!acceptsEvents(request)) return json({ error: 'accept text/event-stream' }, 406)
    const session = sessionOf(request, server, caller)
    if (!session) return noSession(request)
    if (session.streams.size >= mostStreams) return json({ error: 'too many streams' }, 409)

    const stream = openEventStream()
    const timer = setInterval(() => stream.breathe(), config.progressEveryMs)
    session.streams.add(stream)
    void stream.over.then(() => {
      clearInterval(timer)
      session.streams.delete(stream)
    })
    request.signal.addEventListener('abort', () => void stream.finish(), { once: true })
    return stream.response
  }

  function leave(request: Request, server: Server, caller: Caller): Response {
    const session = sessionOf(request, server, caller)
    if (!session) return noSession(request)
    sessions.end(session)
    return new Response(null, { status: 204 })
  }

  /** In band, as any refusal: the agent shall read why. Only what carries no message is told by a status. */
  async function refuse(request: Request, { status, says }: { status: number; says: string }): Promise<Response> {
    if (request.method !== 'POST') return json({ error: says }, status)
    const message = await read(request)
    if (message.kind === 'refused') return message.response
    if (message.kind !== 'request') return accepted()
    const { id, method } = message
    const refused = JSON.stringify(notRun(`NOT EXECUTED. ${says}`))
    return answered(method === 'tools/call' ? rpcResult(id, refused) : rpcError(id, -32000, says))
  }

  const read = (request: Request) => readMessage(request, { bytes: config.maxBodyBytes, ms: bodyWithinMs })

  function sessionOf(request: Request, server: Server, { credential }: Caller): Session | undefined {
    const id = request.headers.get('mcp-session-id')
    return id === null ? undefined : sessions.find(id, { server: server.name, credential })
  }

  hall.mount('/mcp', serve)
  hall.mount(metadataPath, async (request) => {
    const server = servers.get(nameIn(request, `${metadataPath}/`))
    return server ? resourceMetadata(hall.publicUrl, server.name) : json({ error: 'not found' }, 404)
  })
  const unwatch = hall.tools.watch(tellToolsChanged)
  // A server that cannot be reached stands in the log now, not at the first call.
  for (const { upstream } of servers.values()) upstream.tools().catch(() => undefined)

  return {
    async close() {
      unwatch()
      sessions.close()
      await Promise.all([...servers.values()].map(({ upstream }) => upstream.close()))
      await answers.settled()
    },
  }
}

const bodyWithinMs = 30_000
const mostStreams = 4

/** 400 without a session id, 404 for one that is over or somebody else's: the client then opens a new one. */
function noSession(request: Request, message?: Incoming): Response {
  const id = message?.kind === 'request' ? message.id : null
  const missing = request.headers.get('mcp-session-id') === null
  return answered(
    rpcError(id, -32600, missing ? 'Send Mcp-Session-Id; initialize gives it.' : 'There is no such session.'),
    missing ? 400 : 404,
  )
}

const accepted = (): Response => new Response(null, { status: 202 })

/** The last step of the path, if it is the only one after `prefix`. */
function nameIn(request: Request, prefix: string): string {
  const { pathname } = new URL(request.url)
  return pathname.startsWith(prefix) ? pathname.slice(prefix.length) : ''
}
