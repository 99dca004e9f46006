/**
 * What a client sends, and where the answers to it go: one document, one stream of events, or the stream that a client
 * of 2024-11-05 has open.
 *
 * @module
 */
import type { Caller } from '@countersign/core'
import type { Answered, Answers, From, Server } from './answer.ts'
import type { Session, Sessions } from './session.ts'
import { type Exchange, openAnswer, openEventStream } from './stream.ts'
import {
  acceptsJson,
  answered,
  type Incoming,
  type Message,
  rpcError,
  type Said,
  sessionInAddress,
  takesBatches,
} from './wire.ts'

type Readable = Exclude<Incoming, { kind: 'refused' }>

export interface PostParts {
  readonly answers: Answers
  readonly sessions: Sessions
}

/** Undefined where the answer is on its way, or will be. */
type Posted = Said | undefined

export function createPosts({ answers, sessions }: PostParts) {
  return async (exchange: Exchange, incoming: Readable, server: Server, caller: Caller): Promise<Posted> => {
    const { request } = exchange
    const onStream = sessionInAddress(request)
    if (onStream === undefined && incoming.kind === 'request' && incoming.method === 'initialize')
      return inForm(exchange, initialize(incoming, server, caller))

    const token = onStream ?? tokenOf(exchange)
    const session =
      token === undefined
        ? undefined
        : await sessions.find(token, { server: server.name, credential: caller.credential })
    if (!session || (onStream !== undefined && !session.legacy)) return noSession(token, incoming)
    const from = { server, session, caller }
    if (session.legacy) return onLegacyStream(incoming, from, session.legacy)
    return incoming.kind === 'batch' ? batch(exchange, incoming.messages, from) : single(exchange, incoming, from)
  }

  function initialize(message: Extract<Message, { kind: 'request' }>, server: Server, { credential }: Caller): Said {
    const hello = answers.hello(message, server)
    if (typeof hello === 'string') return answered(hello)
    const { client, version } = hello
    const { token } = sessions.open({ server: server.name, credential, client, version })
    return answered(hello.message, 200, { 'mcp-session-id': token })
  }

  async function single(exchange: Exchange, message: Message, from: From): Promise<Posted> {
    if (message.kind !== 'request') return taken(message, from.session)
    const answer = await answers.answer(message, from, (left) =>
      acceptsJson(exchange.request) ? openAnswer(exchange, left) : openEventStream(exchange, left),
    )
    return answer.kind === 'said' ? inForm(exchange, answered(answer.message)) : undefined
  }

  /** A client that reads nothing but events is told the same in one. */
  function inForm(exchange: Exchange, said: Said): Posted {
    if (acceptsJson(exchange.request)) return said
    void openEventStream(exchange, undefined, said.headers).finish(said.body)
    return undefined
  }

  /** Each message is judged alone, and answered on one stream as soon as it can be. */
  async function batch(exchange: Exchange, messages: readonly Message[], from: From): Promise<Posted> {
    if (!takesBatches(from.session.version))
      return answered(rpcError(null, -32600, 'Batches are not part of this protocol version.'), 400)
    const asking = messages.filter(({ kind }) => kind === 'request' || kind === 'nonsense')
    for (const message of messages) if (!asking.includes(message)) taken(message, from.session)
    if (asking.length === 0) return accepted()

    const lefts: (() => void)[] = []
    const stream = openEventStream(exchange, () => lefts.forEach((left) => left()))
    const all = asking.map((message, index) => answerOn(stream, message, from, `${index}`, (left) => lefts.push(left)))
    void Promise.allSettled(all).then(() => stream.finish())
    return undefined
  }

  async function answerOn(
    stream: NonNullable<Session['legacy']>,
    message: Message,
    from: From,
    key: string,
    onLeft: (left: () => void) => void,
  ): Promise<void> {
    if (message.kind === 'nonsense')
      return void (await stream.tell(rpcError(null, -32600, 'This is not a JSON-RPC 2.0 message.')))
    if (message.kind !== 'request') return
    const answer: Answered =
      message.method === 'initialize'
        ? { kind: 'said', message: rpcError(message.id, -32600, 'initialize comes alone.') }
        : await answers.answer(message, from, (left) => {
            onLeft(left)
            return stream.part(key)
          })
    if (answer.kind === 'said') await stream.tell(answer.message)
    else await answer.ended
  }

  /** https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse */
  function onLegacyStream(incoming: Readable, from: From, stream: NonNullable<Session['legacy']>): Said {
    const { session, server } = from
    for (const [index, message] of (incoming.kind === 'batch' ? incoming.messages : [incoming]).entries()) {
      if (message.kind === 'request' && message.method === 'initialize' && incoming.kind !== 'batch') {
        const hello = answers.hello(message, server)
        if (typeof hello !== 'string') Object.assign(session, { client: hello.client, version: hello.version })
        void stream.tell(typeof hello === 'string' ? hello : hello.message)
      } else if (message.kind === 'request' || message.kind === 'nonsense') {
        const key = message.kind === 'request' ? `${typeof message.id}:${message.id}` : `${index}`
        // A stream that is lost ends the session, and that lets go of every call of it.
        void answerOn(stream, message, from, key, () => undefined)
      } else taken(message, session)
    }
    return accepted()
  }

  function taken(message: Message, session: Session): Said {
    if (message.kind === 'notification' && message.method === 'notifications/cancelled')
      answers.cancel(session, message.params)
    return accepted()
  }
}

/** Undefined where none is sent. */
export function tokenOf({ request: { headers } }: Exchange): string | undefined {
  const token = headers['mcp-session-id']
  return typeof token === 'string' ? token : undefined
}

/** 400 without a session id, 404 for one that is over or somebody else's: the client then opens a new one. */
export function noSession(token: string | undefined, message?: Readable): Said {
  const id = message?.kind === 'request' ? message.id : null
  const missing = token === undefined
  return answered(
    rpcError(id, -32600, missing ? 'Send Mcp-Session-Id; initialize gives it.' : 'There is no such session.'),
    missing ? 400 : 404,
  )
}

export const accepted = (): Said => ({ status: 202, body: undefined, headers: {} })
