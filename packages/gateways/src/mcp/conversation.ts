/**
 * A conversation with one server: requests with ids of ours, their answers and progress, and what the server tells unasked.
 * It is opened by `initialize` and ends with the way it goes over.
 *
 * @module
 */
import type { Signal } from '@countersign/core'
import { z } from 'zod'
import { printable } from './causes.ts'
import { membersOf } from './spans.ts'
import type { OpenWay, Sent } from './way.ts'
import { versions } from './wire.ts'

/** How a request ended. */
export type Answer =
  /** The result as the server wrote it, and what it is. */
  | { readonly kind: 'result'; readonly result: string; readonly value: unknown }
  | { readonly kind: 'error'; readonly code: number; readonly says: string }
  /** Certainly not done. */
  | { readonly kind: 'refused'; readonly says: string }
  | { readonly kind: 'forgotten' }
  /** It may have been done. */
  | { readonly kind: 'unknown'; readonly says: string }
  | { readonly kind: 'late'; readonly says: string }
  /** We did not wait for it. */
  | { readonly kind: 'cut'; readonly says: string }

export interface Progress {
  readonly progress: number
  readonly total?: number | undefined
  readonly message?: string | undefined
}

export interface Ask {
  readonly method: string
  /** The members of `params`, each already JSON text. */
  readonly params?: Readonly<Record<string, string>>
  readonly withinMs: number
  /** Ends the wait; its reason is a text. */
  readonly cut?: Signal
  readonly onProgress?: (progress: Progress) => void
}

export interface Conversation {
  /** Never throws. */
  ask(ask: Ask): Promise<Answer>
  close(): Promise<void>
}

export interface ConversationParts {
  readonly open: OpenWay
  readonly withinMs: number
  /** What the server tells unasked, by method. */
  told(method: string): void
  /** It is over, and why. Not told of one that did not open or was closed. */
  lost(says: string): void
}

export type Opening =
  | { readonly kind: 'open'; readonly conversation: Conversation }
  | { readonly kind: 'failed'; readonly says: string; readonly late: boolean }

interface Waiting {
  readonly settle: (answer: Answer) => void
  readonly onProgress: Ask['onProgress']
}

/** Never throws. */
export async function openConversation({ open, withinMs, told, lost }: ConversationParts): Promise<Opening> {
  const waiting = new Map<number, Waiting>()
  let last = 0
  let opened = false
  let over = false
  const way = open({ message: hear, lost: end })

  function hear(text: string): void {
    const message = readMessage(text)
    switch (message?.kind) {
      case 'answer':
        return waiting.get(message.id)?.settle(message.answer)
      case 'progress':
        return waiting.get(message.token)?.onProgress?.(message.progress)
      case 'asked':
        // Its own requests (sampling, roots, elicitation) are nothing that is served here.
        return tell(
          message.method === 'ping'
            ? `{"jsonrpc":"2.0","id":${message.id},"result":{}}`
            : `{"jsonrpc":"2.0","id":${message.id},"error":{"code":-32601,"message":"This method is not served here."}}`,
        )
      case 'told':
        return told(message.method)
      case undefined: // nothing that can be read, so nothing that anyone waits for
    }
  }

  function end(says: string): void {
    over = true
    for (const each of waiting.values()) each.settle({ kind: 'unknown', says })
    if (opened) lost(says)
  }

  const tell = (message: string) => void way.send(message, () => AbortSignal.timeout(withinMs))

  function ask({ method, params = {}, withinMs: patienceMs, cut, onProgress }: Ask): Promise<Answer> {
    if (over) return Promise.resolve({ kind: 'refused', says: 'the server is not connected' })
    if (cut?.aborted) return Promise.resolve({ kind: 'refused', says: String(cut.reason) })
    const id = (last += 1)
    const meta = onProgress ? { _meta: `{"progressToken":${id}}` } : {}
    const message = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${objectOf({ ...params, ...meta })}}`
    let leave: AbortController | undefined
    return new Promise<Answer>((settle) => {
      const giveUp = (answer: Answer, why: string) => {
        settled(answer)
        if (method !== 'initialize') tell(cancelled(id, why))
        leave?.abort()
      }
      const tooLong = () => {
        const says = `the server did not answer within ${Math.ceil(patienceMs / 1000)} s`
        giveUp({ kind: 'late', says }, 'It took too long.')
      }
      const cutNow = () => giveUp({ kind: 'cut', says: String(cut?.reason) }, 'It is no longer wanted.')
      const timer = setTimeout(tooLong, patienceMs)
      cut?.addEventListener('abort', cutNow, { once: true })
      const settled = (answer: Answer) => {
        clearTimeout(timer)
        cut?.removeEventListener('abort', cutNow)
        waiting.delete(id)
        settle(answer)
      }
      waiting.set(id, { settle: settled, onProgress })
      const stop = () => (leave ??= new AbortController()).signal
      void way.send(message, stop).then((sent) => {
        const answer = withoutAnswer(sent)
        if (answer) settled(answer)
      })
    })
  }

  async function close(): Promise<void> {
    over = true
    await way.close()
    for (const each of waiting.values()) each.settle({ kind: 'unknown', says: 'the connection was closed' })
  }

  const answer = await ask({ method: 'initialize', params: hello, withinMs })
  const agreed = agreedIn(answer)
  if (agreed.kind === 'failed') {
    await close()
    return agreed
  }
  opened = true
  way.agreed(agreed.version)
  tell('{"jsonrpc":"2.0","method":"notifications/initialized"}')
  return { kind: 'open', conversation: { ask, close } }
}

/** No capabilities: what a server could ask of its client is not served. */
const hello = {
  protocolVersion: JSON.stringify(versions[0]),
  capabilities: '{}',
  clientInfo: '{"name":"countersign","version":"0.1.0"}',
}

const cancelled = (id: number, why: string) =>
  `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id},"reason":"${why}"}}`

const objectOf = (members: Readonly<Record<string, string>>) =>
  `{${Object.entries(members)
    .map(([name, text]) => `${JSON.stringify(name)}:${text}`)
    .join(',')}}`

function withoutAnswer(sent: Sent): Answer | undefined {
  switch (sent.kind) {
    case 'sent':
      return undefined
    case 'over':
      return { kind: 'unknown', says: sent.says }
    case 'refused':
    case 'forgotten':
      return sent
  }
}

const Hello = z.object({ protocolVersion: z.string() })

function agreedIn(
  answer: Answer,
): { readonly kind: 'agreed'; readonly version: string } | Extract<Opening, { kind: 'failed' }> {
  const failed = (says: string, late = false) => ({ kind: 'failed', says, late }) as const
  switch (answer.kind) {
    case 'result': {
      const version = Hello.safeParse(answer.value).data?.protocolVersion
      if (version === undefined) return failed('the server answers initialize without a protocol version')
      if ((versions as readonly string[]).includes(version)) return { kind: 'agreed', version }
      return failed(`the server speaks MCP ${printable(version)}, and we speak ${versions.join(', ')}`)
    }
    case 'error':
      return failed(`the server answers initialize with error ${answer.code}: ${answer.says}`)
    case 'forgotten':
      return failed('the server knows no session')
    case 'late':
      return failed(answer.says, true)
    case 'refused':
    case 'cut':
    case 'unknown':
      return failed(answer.says)
  }
}

type Heard =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'progress'; readonly token: number; readonly progress: Progress }
  /** `id` as it was written. */
  | { readonly kind: 'asked'; readonly id: string; readonly method: string }
  | { readonly kind: 'told'; readonly method: string }

const RpcError = z.object({ code: z.number(), message: z.string() })
const Told = z.object({
  progressToken: z.number(),
  progress: z.number(),
  total: z.number().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
})

/** Read only as far as it is judged; the rest is passed on as it is. */
function readMessage(text: string): Heard | undefined {
  const value = parsed(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { id, method, params, error } = value as Readonly<Record<string, unknown>>
  const members = membersOf(text)
  if (typeof method === 'string') {
    if (id !== undefined) return isId(id) ? { kind: 'asked', id: members?.get('id') ?? 'null', method } : undefined
    const progress = method === 'notifications/progress' ? Told.safeParse(params).data : undefined
    return progress ? { kind: 'progress', token: progress.progressToken, progress } : { kind: 'told', method }
  }
  if (typeof id !== 'number') return undefined
  const unreadable = { kind: 'unknown', says: 'the answer of the server cannot be read' } as const
  const result = members?.get('result')
  const failure = error === undefined ? undefined : RpcError.safeParse(error).data
  if (failure && result === undefined)
    return { kind: 'answer', id, answer: { kind: 'error', code: failure.code, says: printable(failure.message) } }
  if (result === undefined || error !== undefined || !result.startsWith('{'))
    return { kind: 'answer', id, answer: unreadable }
  return { kind: 'answer', id, answer: { kind: 'result', result, value: (value as { result: unknown }).result } }
}

const isId = (id: unknown): boolean => typeof id === 'number' || (typeof id === 'string' && id.length <= 1_000)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
