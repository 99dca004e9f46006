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
import { CountersignError, defineGateway, type Caller, type Hall } from '@countersign/core'
import { createEgress } from '../egress.ts'
import { keeps } from './ceilings.ts'
import { HttpConfig, type UpstreamConfig } from './config.ts'
import { describe } from './describe.ts'
import { readHeaders } from './headers.ts'
import { offersOf } from './offers.ts'
import { answerQuestion, askedAbout } from './question.ts'
import { closingOf, problemOf, say } from './refuse.ts'
import { foreseeUpstreams, type Prepared, type PreparedUpstream, prepareUpstreams } from './prepare.ts'
import { type Matched, mustBeOnePath, type Routes } from './routes.ts'
import { ended, replay } from './answer.ts'
import { run } from './run.ts'
import { readBody } from './body.ts'
import { prepareCertificate } from './certificate.ts'
import { type Call, createConnections } from './connections.ts'
import { openListener, partsOf } from './listener.ts'
import { tryTarget } from './target.ts'
import { asksForSocket, checkHandshake, handshakeHeaders, join } from './websocket.ts'
import { createSpool, type Spooled } from './spool.ts'
import { codingsOf, credentialOf, type Head, isAsync, isSafe, type Message, readHead, waitOf } from './wire.ts'

export const http = defineGateway({
  name: 'http',
  config: HttpConfig,

  places: ({ listen: address, tls, upstreams }) =>
    Object.entries(upstreams).map(([name, { observe: observes, origin: leadsTo }]) => ({
      name,
      address: `${tls ? 'https' : 'http'}://${address}/${name}`,
      door: 'enforcing',
      observes,
      leadsTo,
    })),

  listens: ({ listen }) => [{ path: ['listen'], ...partsOf(listen) }],

  prepare(config) {
    const { ready, findings } = prepareUpstreams(config)
    return { ready, findings: [...prepareCertificate(config.tls), ...findings] }
  },
  offers: offersOf,
  foresee: foreseeUpstreams,

  async start(config, hall, upstreams: Prepared['ready']) {
    const { gate, secrets } = hall
    const egress = createEgress({
      allowed: [...upstreams.values()]
        .filter(({ upstream }) => upstream.private)
        .map(({ upstream }) => upstream.origin),
    })

    const closing = new AbortController()
    const spool = createSpool({ folder: config.spoolFolder ?? tmpdir(), maxBytes: config.spoolBytes })

    async function serve(call: Call): Promise<void> {
      const { request, response, signal } = call
      const caller = await recognise(request, hall)
      call.known(caller.credential)
      const asked = askedAbout(request.url)
      if (asked) {
        const waitMs = Math.min(asked.waitSeconds, config.maxWaitSeconds) * 1000
        return answerQuestion(request, response, { id: asked.id, waitMs, caller, hall, signal })
      }

      const read = await readAll(request, response)
      try {
        // Countersign may have begun to close while the body was on its way; then it was answered.
        if (!response.headersSent) await pass(read, call, caller)
      } finally {
        await read.spooled?.close()
      }
    }

    async function readAll(request: IncomingMessage, response: ServerResponse): Promise<Read> {
      const head = readHead(request)
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
      return {
        message: { ...head, body },
        upstream: switched ? { ...upstream, headers: [...upstream.headers, ...handshakeHeaders] } : upstream,
        socket: switched ? request.socket : undefined,
        matched,
        spooled: body && 'spooled' in body ? body.spooled : undefined,
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

    /** The message itself ends before this: it may be held for hours, and what runs is the sealed copy. */
    async function pass(
      { message, upstream, matched, spooled, socket }: Read,
      call: Call,
      caller: Caller,
    ): Promise<void> {
      const { response, signal } = call
      const { action, context } = await describe(message, caller, upstream, matched, secrets)
      const async = isAsync(message.headers)
      const wished = waitOf(message.headers)
      const waitSeconds = Math.min(wished ?? (async ? 0 : upstream.waitSeconds), config.maxWaitSeconds)
      if (wished !== undefined) response.setHeader('preference-applied', `wait=${waitSeconds}`)

      const codings = codingsOf(message.headers)

      await gate.pass({
        caller,
        action,
        context,
        keeps: (duty) => keeps(duty, matched?.route.config ?? {}, context.measures.rows),
        patienceMs: waitSeconds * 1000,
        signal,
        run(permit) {
          const { clientSilenceMs } = config
          const route = matched?.route.config
          const cut = AbortSignal.any([call.cut, permit.revoked])
          const acts = context.effect !== 'read' || !isSafe(message.method)
          const { concerns } = hall
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
          const key = message.headers('sec-websocket-key') ?? ''
          return socket ? join(permit, { ...line, client: socket, key, closing: closing.signal }) : run(permit, line)
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
      hall.log({ level: where ? 'error' : 'warn', says: 'http request not served', code, ...(where && { where }) })
    }
    const connections = createConnections(serve, failed, config)
    const listener = await openListener(config, connections, hall, switches)
    return {
      async close() {
        closing.abort('Countersign is closing')
        await listener.close()
        egress.close()
      },
    }
  },
})

async function recognise({ rawHeaders, socket }: IncomingMessage, { identify }: Hall): Promise<Caller> {
  const credential = credentialOf(readHeaders(rawHeaders))
  if (credential === undefined) throw new CountersignError('ERR_AGENT_UNKNOWN')
  return identify(credential, socket.remoteAddress)
}

/** A request that was read to its end. */
interface Read {
  readonly message: Message
  readonly upstream: UpstreamConfig
  readonly matched: Matched | undefined
  /** Its body, where that is on disk. */
  readonly spooled: Spooled | undefined
  /** The client's connection, where it goes over to a WebSocket. */
  readonly socket: Socket | undefined
}

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
