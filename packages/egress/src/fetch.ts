import { type IncomingMessage, request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { Readable } from 'node:stream'
import { CountersignError } from '@countersign/core'
import type { Egress } from './egress.ts'

/** What SDKs ask for when they want a `fetch` handed in. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/**
 * `fetch` through the way out. Answers stream, request bodies are sent whole, and a redirect is an answer like any other:
 * a new place has to be named as well.
 *
 * @throws ERR_EGRESS_REFUSED, ERR_UPSTREAM
 */
export function fetchThrough(egress: Egress): Fetch {
  return async (url, init) => {
    const { method, headers, body, signal } = new Request(url, init)
    const target = new URL(url)
    const sent = body ? Buffer.from(await new Response(body).arrayBuffer()) : undefined
    const request = target.protocol === 'https:' ? requestSecurely : requestPlainly
    const answer = await new Promise<IncomingMessage>((done, fail) => {
      const call = request(
        target,
        { agent: egress.agent(target), method, headers: Object.fromEntries(headers), signal },
        done,
      )
      call.on('error', (cause) => {
        fail(
          cause instanceof CountersignError || signal.aborted
            ? cause
            : new CountersignError('ERR_UPSTREAM', undefined, { cause }),
        )
      })
      call.end(sent)
    })
    return responseOf(answer, method)
  }
}

function responseOf(answer: IncomingMessage, method: string): Response {
  const { statusCode: status = 502, statusMessage: statusText = '', rawHeaders } = answer
  const headers = new Headers()
  for (let index = 0; index < rawHeaders.length; index += 2)
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '')
  if (method !== 'HEAD' && ![204, 205, 304].includes(status)) {
    return new Response(Readable.toWeb(answer) as ReadableStream, { status, statusText, headers })
  }
  answer.resume()
  return new Response(null, { status, statusText, headers })
}
