/**
 * Paths that gateways answer themselves, in Node's own terms, on the listener of people.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Handler, LogLine } from '@countersign/core'
import { problem } from './problems.ts'
import { mustBeOurName, requestIdOf, hardened } from './request.ts'

export interface Mounted {
  mount(path: string, handler: Handler): void
  /** Who answers this request, if a gateway does: behind the same check of names as everything else here. */
  answers(request: IncomingMessage): ((request: IncomingMessage, response: ServerResponse) => void) | undefined
}

export interface MountedParts {
  readonly publicUrl: string
  log(line: LogLine): void
}

export function createMounted({ publicUrl, log }: MountedParts): Mounted {
  const mounts = new Map<string, Handler>()
  /** The last name that was found to be ours: most requests are sent to one and the same. */
  let ours: string | undefined

  return {
    mount: (path, handler) => void mounts.set(path, handler),
    answers(request) {
      const target = originForm(request.url ?? '')
      const handler = handlerAt(target)
      if (!handler) return undefined
      request.url = target
      return (incoming, response) => void answer(handler, incoming, response)
    },
  }

  function handlerAt(target: string): Handler | undefined {
    const query = target.indexOf('?')
    const path = query === -1 ? target : target.slice(0, query)
    for (const [at, handler] of mounts) if (path === at || path.startsWith(`${at}/`)) return handler
    return undefined
  }

  async function answer(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const host = request.headers.host ?? ''
      if (host !== ours) mustBeOurName(host.toLowerCase(), publicUrl)
      ours = host
      await handler(request, response)
    } catch (error) {
      const requestId = requestIdOf(request.headers['x-request-id'])
      const { status, headers, body } = hardened(problem(error, requestId, log), requestId, publicUrl)
      const text = body ? await new Response(body).text() : ''
      if (response.headersSent || response.destroyed) return void response.destroy()
      response.writeHead(status, { ...Object.fromEntries(headers), connection: 'close' }).end(text)
    }
  }
}

/** Of a target in absolute form the part that counts at its origin (RFC 9112 §3.2.2). */
function originForm(target: string): string {
  if (target.startsWith('/') || !URL.canParse(target)) return target
  const { pathname, search } = new URL(target)
  return pathname + search
}
