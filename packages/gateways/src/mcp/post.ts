/**
 * What a client sends, and where the answers to it go: one document, one stream of events, or the stream that a client
 * of 2024-11-05 has open.
 *
 * @module
 */
import type { Caller } from '@countersign/core'
import type { Answered, Answers, From, Server } from './answer.ts'
import type { Session, Sessions } from './session.ts'
import { openEventStream } from './stream.ts'
import { answered, type Incoming, legacySession, type Message, rpcError, takesBatches } from './wire.ts'

type Readable = Exclude<Incoming, { kind: 'refused' }>

export interface PostParts {
  readonly answers: Answers
  readonly sessions: Sessions
}

export function createPosts({ answers, sessions }: PostParts) {
  return async (request: Request, incoming: Readable, server: Server, caller: Caller): Promise<Response> => {
    const onStream = new URL(request.url).searchParams.get(legacySession)
    if (onStream === null && incoming.kind === 'request' && incoming.method === 'initialize')
      return initialize(incoming, server, caller)

    const token = onStream ?? request.headers.get('mcp-session-id')
    const session =
      token === null ? undefined : await sessions.find(token, { server: server.name, credential: caller.credential })
    if (!session || (onStream !== null && !session.legacy)) return noSession(token, incoming)
    const from = { server, session, caller }
    if (session.legacy) return onLegacyStream(incoming, from, session.legacy)
    return incoming.kind === 'batch' ? batch(incoming.messages, from) : single(incoming, from)
  }

  function initialize(
    message: Extract<Message, { kind: 'request' }>,
    server: Server,
    { credential }: Caller,
  ): Response {
    const hello = answers.hello(message, server)
    if (typeof hello === 'string') return answered(hello)
    const { client, version } = hello
    const { token } = sessions.open({ server: server.name, credential, client, version })
    return answered(hello.message, 200, { 'mcp-session-id': token })
  }

  async function single(message: Message, from: From): Promise<Response> {
    if (message.kind !== 'request') return taken(message, from.session)
    let response: Response | undefined
    const answer = await answers.answer(message, from, (left) => {
      const stream = openEventStream(left)
      response = stream.response
      return stream
    })
    return answer.kind === 'said' ? answered(answer.message) : (response ?? accepted())
  }

  /** Each message is judged alone, and answered on one stream as soon as it can be. */
  async function batch(messages: readonly Message[], from: From): Promise<Response> {
    if (!takesBatches(from.session.version))
      return answered(rpcError(null, -32600, 'Batches are not part of this protocol version.'), 400)
    const asking = messages.filter(({ kind }) => kind === 'request' || kind === 'nonsense')
    for (const message of messages) if (!asking.includes(message)) taken(message, from.session)
    if (asking.length === 0) return accepted()

    const lefts: (() => void)[] = []
    const stream = openEventStream(() => lefts.forEach((left) => left()))
    const all = asking.map((message, index) => answerOn(stream, message, from, `${index}`, (left) => lefts.push(left)))
    void Promise.allSettled(all).then(() => stream.finish())
    return stream.response
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
  function onLegacyStream(incoming: Readable, from: From, stream: NonNullable<Session['legacy']>): Response {
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

  function taken(message: Message, session: Session): Response {
    if (message.kind === 'notification' && message.method === 'notifications/cancelled')
      answers.cancel(session, message.params)
    return accepted()
  }
}

/** 400 without a session id, 404 for one that is over or somebody else's: the client then opens a new one. */
export function noSession(token: string | null, message?: Readable): Response {
  const id = message?.kind === 'request' ? message.id : null
  const missing = token === null
  return answered(
    rpcError(id, -32600, missing ? 'Send Mcp-Session-Id; initialize gives it.' : 'There is no such session.'),
    missing ? 400 : 404,
  )
}

export const accepted = (): Response => new Response(null, { status: 202 })
