/**
 * HTTP: a reverse proxy in front of named upstreams, where each request is one action.
 *
 *     http://localhost:4601/<upstream>/<path>
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import {
  CountersignError,
  createSignal,
  defineGateway,
  type Caller,
  type GatewayContext,
  type Signal,
} from '@countersign/core'
import { createEgress } from '@countersign/egress'
import { enforces } from './ceilings.ts'
import { HttpConfig, type RouteConfig, type UpstreamConfig } from './config.ts'
import { describe, type Described } from './describe.ts'
import { type Headers, readHeaders } from './headers.ts'
import { offersOf } from './offers.ts'
import { answerQuestion, askedAbout } from './approval.ts'
import { closingOf, problemOf, say } from './refuse.ts'
import { foreseeHttp, type Prepared, type PreparedUpstream, prepareUpstreams } from './prepare.ts'
import { type Matched, mustBeOnePath, type Routes } from './routes.ts'
import { ended, replay } from './answer.ts'
import { run } from './run.ts'
import { readBody } from './body.ts'
import { prepareCertificate } from './certificate.ts'
import { type Call, createConnections } from './connections.ts'
import { createCut } from './cut.ts'
import { openListener, partsOf } from './listener.ts'
import { tryTarget } from './target.ts'
import { asksForSocket, checkHandshake, handshakeHeaders, join } from './websocket.ts'
import { createSpool, type Spooled } from './spool.ts'
import { codingsOf, presentedIn, type Head, isAsync, isSafe, readHead, waitOf } from './wire.ts'

export const http = defineGateway({
  name: 'http',
  config: HttpConfig,

  addresses: ({ listen: address, tls, upstreams }) =>
    Object.entries(upstreams).map(([name, { observe: observes, origin: leadsTo }]) => ({
      name,
      address: `${tls ? 'https' : 'http'}://${address}/${name}`,
      mode: 'enforcing',
      observes,
      leadsTo,
    })),

  listens: ({ listen }) => [{ path: ['listen'], ...partsOf(listen) }],

  prepare(config) {
    const { ready, findings } = prepareUpstreams(config)
    return { ready, findings: [...prepareCertificate(config.tls), ...findings] }
  },
  offers: offersOf,
  foresee: foreseeHttp,

  async start(config, services, upstreams: Prepared['ready']) {
    const { gate, secrets } = services
    const egress = createEgress({
      allowed: [...upstreams.values()]
        .filter(({ upstream }) => upstream.private)
        .map(({ upstream }) => upstream.origin),
    })

    const address = `${config.tls ? 'https' : 'http'}://${config.listen}`
    const closing = createCut()
    const spool = createSpool({ folder: config.spoolFolder ?? tmpdir(), maxBytes: config.spoolBytes })

    async function serve(call: Call): Promise<void> {
      const { request, response, signal } = call
      const headers = readHeaders(request.rawHeaders)
      const caller = await recognise(headers, request, services, address)
      call.known(caller.credential)
      const asked = askedAbout(request.url)
      if (asked) {
        const waitMs = Math.min(asked.waitSeconds, config.maxWaitSeconds) * 1000
        return answerQuestion(request, response, { id: asked.id, waitMs, caller, services, signal })
      }

      const wanted = await readAll(request, headers, response, caller)
      // Countersign may have begun to close while the body was on its way; then it was answered.
      if (!wanted) return
      try {
        await pass(wanted, call, caller)
      } finally {
        await wanted.spooled?.close()
      }
    }

    /** The message itself ends with this: what it asks for may be held for hours, and what runs is the sealed copy. */
    async function readAll(
      request: IncomingMessage,
      headers: Headers,
      response: ServerResponse,
      caller: Caller,
    ): Promise<Wanted | undefined> {
      const head = readHead(request, headers)
      const { upstream, routes } = upstreamOf(head, upstreams, response)
      const matched = meet(routes, head, upstream)
      mustBeOnePath(routes, head)
      const switched = switches(request)
      if (switched) checkHandshake(head.headers)
      const body = await readBody(request, head, {
        maxBytes: matched?.route.config.maxBodyBytes ?? upstream.maxBodyBytes ?? config.maxBodyBytes,
        spool,
        proceed() {
          if (head.headers('expect') !== undefined && request.httpVersion !== '1.0') response.writeContinue()
        },
      })
      const spooled = body && 'spooled' in body ? body.spooled : undefined
      try {
        if (response.headersSent) throw new CountersignError('ERR_CLOSING')
        const reading = switched ? { ...upstream, headers: [...upstream.headers, ...handshakeHeaders] } : upstream
        const described = await describe({ ...head, body }, caller, reading, matched, secrets)
        return {
          ...described,
          ...waysOf(head, described),
          upstream,
          route: matched?.route.config,
          spooled,
          socket: switched ? request.socket : undefined,
        }
      } catch (error) {
        await spooled?.close()
        if (response.headersSent) return undefined
        throw error
      }
    }

    /** Whether a WebSocket is asked for where a route allows one. What cannot be read is refused where all of it is. */
    function switches(request: IncomingMessage): boolean {
      if (!asksForSocket(request)) return false
      const target = tryTarget(request.url ?? '')
      const named = target && upstreams.get(target.upstream)
      return named
        ? meet(named.routes, { method: 'GET', target }, named.upstream)?.route.config.websocket === true
        : false
    }

    async function pass(wanted: Wanted, call: Call, caller: Caller): Promise<void> {
      const { response } = call
      const { action, context, upstream, route, wished, async, acts, codings, key, spooled, socket } = wanted
      const joining = socket && { client: socket, ...untilSwitched(call.signal) }
      const waitSeconds = Math.min(wished ?? (async ? 0 : upstream.waitSeconds), config.maxWaitSeconds)
      if (wished !== undefined) response.setHeader('preference-applied', `wait=${waitSeconds}`)

      await gate.pass({
        caller,
        action,
        context,
        enforces: (duty) => enforces(duty, route ?? {}, context.measures.rows),
        patienceMs: waitSeconds * 1000,
        signal: joining?.signal ?? call.signal,
        run(permit) {
          const { clientSilenceMs } = config
          const { cut } = call
          const { revoked } = permit
          if (revoked.aborted) cut.end(String(revoked.reason))
          else revoked.addEventListener('abort', () => cut.end(String(revoked.reason)), { once: true })
          const { concerns } = services
          const line = {
            response,
            upstream,
            route,
            egress,
            secrets,
            concerns,
            acts,
            clientSilenceMs,
            spooled,
            cut,
            codings,
          }
          return joining ? join(permit, { ...line, ...joining, key, closing }) : run(permit, line)
        },
        async replay(result) {
          await replay(response, result, config.clientSilenceMs)
          await ended(response, config.clientSilenceMs)
        },
        async refuse(refusal) {
          say(response, call.closing() ? closingOf(refusal) : problemOf(refusal, { async }))
          await ended(response, config.clientSilenceMs)
        },
      })
    }

    const failed = (error: unknown) => {
      const { code } = error instanceof CountersignError ? error : new CountersignError('ERR_INTERNAL')
      // Where, but not what: a message could repeat what an agent sent.
      const where =
        code === 'ERR_INTERNAL' && error instanceof Error ? error.stack?.split('\n    at ').slice(1, 6) : undefined
      services.log({ level: where ? 'error' : 'warn', says: 'http request not served', code, ...(where && { where }) })
    }
    const connections = createConnections(serve, failed, config)
    const listener = await openListener(config, connections, services, switches)
    return {
      async close() {
        closing.end('Countersign is closing')
        await listener.close()
        egress.close()
      },
    }
  },
})

/** Aborts when the client has gone, until it has its WebSocket. */
function untilSwitched(gone: Signal): { readonly signal: Signal; switched(): void } {
  const own = createSignal()
  const abort = () => own.abort()
  if (gone.aborted) abort()
  gone.addEventListener('abort', abort, { once: true })
  return { signal: own.signal, switched: () => gone.removeEventListener('abort', abort) }
}

async function recognise(
  headers: Headers,
  { socket }: IncomingMessage,
  { identify }: GatewayContext,
  resource: string,
): Promise<Caller> {
  const presented = presentedIn(headers)
  if (!presented) throw new CountersignError('ERR_AGENT_UNKNOWN')
  return identify(presented, { resource, source: socket.remoteAddress })
}

/** What is left of a request that was read to its end. */
interface Wanted extends Described, Ways {
  readonly upstream: UpstreamConfig
  readonly route: RouteConfig | undefined
  /** Its body, where that is on disk. */
  readonly spooled: Spooled | undefined
  /** The client's connection, where it goes over to a WebSocket. */
  readonly socket: Socket | undefined
}

/** How its client wants to be served, beside what it asks for. */
interface Ways {
  readonly async: boolean
  readonly wished: number | undefined
  readonly codings: string | undefined
  /** The client's `sec-websocket-key`. */
  readonly key: string
  readonly acts: boolean
}

const waysOf = ({ method, headers }: Head, { context }: Described): Ways => ({
  async: isAsync(headers),
  wished: waitOf(headers),
  codings: codingsOf(headers),
  key: headers('sec-websocket-key') ?? '',
  acts: context.effect !== 'read' || !isSafe(method),
})

function upstreamOf(
  { method, target }: Head,
  upstreams: Prepared['ready'],
  response: ServerResponse,
): PreparedUpstream {
  const named = upstreams.get(target.upstream)
  if (!named) throw new CountersignError('ERR_NOT_FOUND')
  if (!named.upstream.methods.includes(method)) {
    response.setHeader('allow', named.upstream.methods.join(', '))
    throw new CountersignError('ERR_METHOD')
  }
  return named
}

/**
 * A path with an encoded slash has one meaning for an upstream that takes `%2F` for a letter, and another for one that
 * takes it for a separator. Where it is not said which, such a path meets a route only if it meets it either way.
 */
function meet(
  routes: Routes,
  { method, target }: Pick<Head, 'method' | 'target'>,
  { encodedSlash }: UpstreamConfig,
): Matched | undefined {
  const matched = routes(method, target.segments)
  const parted = target.segments.flatMap((segment) => segment.split('%2F'))
  if (encodedSlash === 'data' || parted.length === target.segments.length) return matched
  return routes(method, parted)?.route === matched?.route ? matched : undefined
}
