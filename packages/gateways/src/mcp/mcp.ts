/**
 * The MCP gateway: `/mcp/<server>` in front of any MCP server. Each `tools/call` is an action; everything else is
 * read-only or refused.
 *
 *     client ─▶ wire ─▶ session ─▶ describe ─▶ gate ─▶ run ─▶ upstream
 *                 ◀──── one JSON answer; an event stream where people think first, or progress is told before it
 *
 * The server side speaks Streamable HTTP itself, since it decides when headers go out and what counts as delivered, and
 * clients give up over exactly that (`hold.ts`, `stream.ts`). Towards the servers messages go as the text they are, so
 * that what is sent is what was hashed, and what comes back arrives as it was written (`conversation.ts`, `way.ts`). Of
 * what a client may ask, tools are served; resources, prompts, completion and logging are not announced and answered
 * with "method not found".
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type Caller,
  defineGateway,
  type GatewayContext,
  type Running,
  createCrowd,
  type Crowd,
} from '@countersign/core'
import { closingNow, createAnswers, type Server } from './answer.ts'
import { McpConfig, type ServerConfig } from './config.ts'
import { foreseeServers } from './foresee.ts'
import { fromElsewhere, identify, isOver, metadataPath, resourceMetadata } from './identify.ts'
import { offersOf } from './offers.ts'
import { accepted, createPosts, noSession, tokenOf } from './post.ts'
import { reach } from './reach.ts'
import { notRun } from './refuse.ts'
import { createSessions, type Session } from './session.ts'
import { type Exchange, openEventStream } from './stream.ts'
import { createUpstream } from './upstream.ts'
import type { OpenWay } from './way.ts'
import {
  acceptsEvents,
  answered,
  json,
  legacySession,
  readMessage,
  rpcError,
  rpcNotice,
  rpcResult,
  type Said,
  say,
} from './wire.ts'

export const mcp = defineGateway({
  name: 'mcp',
  config: McpConfig,
  addresses: ({ servers }, publicUrl) =>
    Object.entries(servers).map(([name, { observe: observes }]) => ({
      name,
      address: `${publicUrl}/mcp/${name}`,
      mode: 'enforcing',
      observes,
    })),
  offers: offersOf,
  foresee: foreseeServers,
  async start(config, services) {
    return startMcp(config, services, { connect: (name, server) => reach(name, server, (line) => services.log(line)) })
  },
})

export interface McpParts {
  connect(name: string, server: ServerConfig): OpenWay
  /**
   * How long a server may take to answer `initialize` and `tools/list`, in milliseconds. Default 60,000: some are
   * installed first.
   */
  readonly connectMs?: number
  /** How long what has begun may go on when we close, in milliseconds. Default 5,000. */
  readonly graceMs?: number
}

/**
 * How long a server may take to answer `initialize` and `tools/list`: some are installed first. Then it counts as
 * away.
 */
const connectWithinMs = 60_000
/** How long what has begun may go on when Countersign closes; what has not ended then is recorded as unknown. */
const endWithinMs = 5_000

export async function startMcp(
  config: McpConfig,
  services: GatewayContext,
  { connect, connectMs = connectWithinMs, graceMs = endWithinMs }: McpParts,
): Promise<Running> {
  const { clock, tombstones } = services
  const sessions = createSessions({
    clock,
    idleMs: config.sessionIdleMs,
    key: services.key('MCP sessions, v1'),
    tombstones,
  })
  const servers = new Map(Object.entries(config.servers).map(([name, server]) => [name, open(name, server)]))
  const answers = createAnswers({ config, services, sessions })
  const take = createPosts({ answers, sessions })
  const requests = createCrowd(mostRequests)
  const unknown = createCrowd(mostUnknown)
  const streams = createCrowd(mostStreams)
  /** Each ends its stream if whoever listens may no longer come in (P15). */
  const listening = new Set<() => Promise<void>>()
  let closing = false

  function open(name: string, server: ServerConfig): Server {
    const upstream = createUpstream({
      name,
      timeoutMs: server.timeoutMs,
      connectMs,
      clock,
      pins: services.tools,
      concerns: services.concerns,
      open: connect(name, server),
      onToolsChanged: () => tellToolsChanged(name),
      log: (line) => services.log(line),
    })
    return { name, config: server, upstream }
  }

  function tellToolsChanged(server: string): void {
    const notice = rpcNotice('notifications/tools/list_changed')
    for (const { streams: open, legacy } of sessions.of(server)) {
      for (const stream of open) stream.offer(notice)
      legacy?.offer(notice)
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const said = await answer({ request, response })
    if (said) say(request, response, said)
  }

  /** Undefined where the answer is on its way, or will be. */
  async function answer(exchange: Exchange): Promise<Said | undefined> {
    const { request } = exchange
    const server = servers.get(nameIn(request, '/mcp/'))
    if (!server) return json({ error: 'not found' }, 404)
    if (fromElsewhere(request, services.publicUrl)) return json({ error: 'this request comes from another site' }, 403)
    const known = await identify(request, services, server.name)
    switch (known.kind) {
      case 'refused':
        return known.said
      case 'closed':
        return inTurn(unknown, '', () => refuse(exchange, known))
      case 'known':
        return inTurn(requests, known.caller.credential, () => serveKnown(exchange, server, known.caller))
    }
  }

  /**
   * Counted while it is read and until there is something to answer; what takes its time is counted as a call or a
   * stream.
   */
  async function inTurn(crowd: Crowd, who: string, work: () => Promise<Said | undefined>): Promise<Said | undefined> {
    const leave = crowd.enter(who)
    if (!leave) return json({ error: 'too many requests are open' }, 429, { 'retry-after': '1' })
    try {
      return await work()
    } finally {
      leave()
    }
  }

  async function serveKnown(exchange: Exchange, server: Server, caller: Caller): Promise<Said | undefined> {
    if (closing) return refuse(exchange, { status: 503, says: closingNow })
    switch (exchange.request.method ?? '') {
      case 'POST': {
        const incoming = await read(exchange)
        return incoming.kind === 'refused' ? incoming.said : take(exchange, incoming, server, caller)
      }
      case 'GET':
        return listen(exchange, server, caller)
      case 'DELETE':
        return leave(exchange, server, caller)
      default:
        return json({ error: 'method not allowed' }, 405, { allow: 'GET, POST, DELETE' })
    }
  }

  /** What a server has to tell unasked: that its tools have changed. Without a session it is a client of 2024-11-05. */
  async function listen(exchange: Exchange, server: Server, caller: Caller): Promise<Said | undefined> {
    if (!acceptsEvents(exchange.request)) return json({ error: 'accept text/event-stream' }, 406)
    const token = tokenOf(exchange)
    const session = token === undefined ? openLegacy(server, caller) : await sessionOf(exchange, server, caller)
    if (!session) return noSession(token)
    const give = session.streams.size < mostStreamsOfSession ? streams.enter(caller.credential) : undefined
    if (!give) return json({ error: 'too many streams' }, 409)

    const stream = openEventStream(exchange)
    const timer = setInterval(() => stream.breathe(), config.progressEveryMs)
    if (token === undefined) {
      session.legacy = stream
      void stream.tell(`/mcp/${server.name}?${legacySession}=${session.token}`, 'endpoint')
    } else session.streams.add(stream)
    const lookAgain = async () => {
      if (isOver(await identify(exchange.request, services, server.name))) await stream.finish()
    }
    listening.add(lookAgain)
    void lookAgain() // for what happened since it was let in
    void stream.over.then(() => {
      clearInterval(timer)
      listening.delete(lookAgain)
      give()
      session.streams.delete(stream)
      if (token === undefined) sessions.drop(session)
    })
    return undefined
  }

  /** It need not introduce itself: one that lost its stream takes up another and goes on. */
  function openLegacy(server: Server, { credential }: Caller): Session {
    const client = { name: 'unknown', version: 'unknown' }
    return sessions.open({ server: server.name, credential, client, version: '2024-11-05' })
  }

  async function leave(exchange: Exchange, server: Server, caller: Caller): Promise<Said> {
    const session = await sessionOf(exchange, server, caller)
    if (!session) return noSession(tokenOf(exchange))
    await sessions.end(session)
    return { ...accepted(), status: 204 }
  }

  /** In band, as any refusal: the agent shall read why. Only what carries no message is told by a status. */
  async function refuse(exchange: Exchange, { status, says }: { status: number; says: string }): Promise<Said> {
    if (exchange.request.method !== 'POST') return json({ error: says }, status)
    const message = await read(exchange)
    if (message.kind === 'refused') return message.said
    if (message.kind !== 'request') return accepted()
    const { id, method } = message
    const refused = JSON.stringify(notRun(`NOT EXECUTED. ${says}`))
    return answered(method === 'tools/call' ? rpcResult(id, refused) : rpcError(id, -32000, says))
  }

  const read = ({ request, response }: Exchange) =>
    readMessage(request, response, { bytes: config.maxBodyBytes, ms: bodyWithinMs })

  async function sessionOf(exchange: Exchange, server: Server, { credential }: Caller): Promise<Session | undefined> {
    const token = tokenOf(exchange)
    return token === undefined ? undefined : sessions.find(token, { server: server.name, credential })
  }

  function allowancesChanged(): void {
    for (const name of servers.keys()) tellToolsChanged(name)
    for (const lookAgain of listening) void lookAgain()
  }

  services.mount('/mcp', serve)
  services.mount(metadataPath, async (request, response) => {
    const server = servers.get(nameIn(request, `${metadataPath}/`))
    const said = server ? resourceMetadata(services.publicUrl, server.name) : json({ error: 'not found' }, 404)
    say(request, response, said)
  })
  const unwatch = [services.tools.watch(tellToolsChanged), services.onAllowances(allowancesChanged)]
  // A server that cannot be reached stands in the log now, not at the first call.
  for (const { upstream } of servers.values()) upstream.tools().catch(() => undefined)

  return {
    /**
     * Nobody is left without an answer: what is held is told now, what runs has a moment to end, and then is told that
     * too.
     */
    async close() {
      closing = true
      for (const stop of unwatch) stop()
      const told = sessions.all().flatMap(({ attempts }) => [...attempts.values()].map((attempt) => attempt.close()))
      await within(Promise.all([answers.settled(), ...told]), graceMs)
      await Promise.all([...servers.values()].map(({ upstream }) => upstream.close()))
      await within(answers.settled(), graceMs)
      for (const session of sessions.all()) {
        for (const stream of session.streams) void stream.finish()
        void session.legacy?.finish()
      }
    },
  }
}

/** How long a client may take to send one message; after that the request is refused. */
const bodyWithinMs = 30_000
/**
 * Requests read at once of all whose key opens nothing now, only to tell them why in band; one more is refused at
 * once.
 */
const mostUnknown = 32
/** Requests of one credential that are read at once; one more is refused. */
const mostRequests = 256
/** Open streams of one credential: each is a connection. One more is refused (409). */
const mostStreams = 400
/** Open streams of one session; clients need one, and a second while they reconnect. One more is refused (409). */
const mostStreamsOfSession = 4

async function within(settled: Promise<unknown>, ms: number): Promise<void> {
  const timer = new AbortController()
  await Promise.race([settled, pause(ms, undefined, timer).catch(() => undefined)])
  timer.abort()
}

/** The last step of the path, if it is the only one after `prefix`. */
function nameIn({ url = '' }: IncomingMessage, prefix: string): string {
  const [path = ''] = url.split('?', 1)
  return path.startsWith(prefix) ? path.slice(prefix.length) : ''
}
