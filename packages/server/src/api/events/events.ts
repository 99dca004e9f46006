/**
 * `/api/events`: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Each event is a
 * hint with its place in the ledger as id; a browser that comes back says the last one it saw and gets what it missed.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import { createRoute, z } from '@hono/zod-openapi'
import { EventHint } from '@countersign/schema'
import { createHints, type Hints, type Told } from './hints.ts'
import type { Api, ApiParts } from '../front/parts.ts'
import { problemContent } from '../front/route.ts'
import { mustBelong, visitorOf } from '../front/who.ts'

/** Console windows of all people on one instance: each is a connection. One more is refused (429). */
const mostWindows = 200
/** Console windows of one person, so that nobody takes those of all; one more is refused (429). */
const mostPerPerson = 10
/** Events that a window may be behind before it is cut off. It comes back by itself and catches up. */
const mostQueued = 2000

const stream = createRoute({
  method: 'get',
  path: '/api/events',
  summary: 'What just happened, as server-sent events. `event: reset` says that too much was missed: read anew.',
  request: {
    headers: z.object({
      'last-event-id': z
        .string()
        .regex(/^\d{1,15}$/)
        .optional(),
    }),
  },
  responses: {
    200: { description: 'A stream of hints.', content: { 'text/event-stream': { schema: EventHint } } },
    default: problemContent,
  },
})

export interface Windows extends Pick<Hints, 'hear'> {
  close(): void
}

/** Between two signs of life to a window, so that nothing in between takes the connection for dead. */
const aliveEveryMs = 15_000

export function events(api: Api, parts: ApiParts): Windows {
  const { heartbeatMs = aliveEveryMs } = parts
  const hints = createHints(parts.store)
  const open = new Map<() => void, string>()

  api.openapi(stream, async (context) => {
    await mustBelong(parts, context)
    const { person } = context.get('visitor')
    const theirs = [...open.values()].filter((id) => id === person.id).length
    if (open.size >= mostWindows || theirs >= mostPerPerson) throw new CountersignError('ERR_TOO_MANY')
    const last = context.req.valid('header')['last-event-id']
    const request = context.req.raw
    return openWindow(last === undefined ? undefined : Number(last) + 1, person.id, request)
  })

  return {
    hear: hints.hear,
    close() {
      for (const end of open.keys()) end()
    },
  }

  async function openWindow(from: number | undefined, person: string, request: Request): Promise<Response> {
    let sink: ReadableStreamDefaultController<Uint8Array> | undefined
    let stop = () => {}
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          sink = controller
        },
        cancel: () => end(),
      },
      { highWaterMark: mostQueued },
    )
    const heartbeat = setInterval(() => void beat(), heartbeatMs)
    open.set(end, person)
    request.signal.addEventListener('abort', end, { once: true })

    say(': open\n\n')
    try {
      stop = await hints.listen(from, (told) => say(eventOf(told)))
    } catch (error) {
      end()
      throw error
    }
    if (!open.has(end)) stop()
    return new Response(body, {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    })

    function say(text: string): void {
      if (!open.has(end)) return
      if ((sink?.desiredSize ?? 0) <= 0) return end()
      sink?.enqueue(Buffer.from(text))
    }

    /** A window closes with the session it was opened in. */
    async function beat(): Promise<void> {
      try {
        await visitorOf(parts, request, { quiet: true })
        say(': here\n\n')
      } catch {
        end() // signed out, or nobody can say: the browser asks anew and is told
      }
    }

    function end(): void {
      if (!open.delete(end)) return
      clearInterval(heartbeat)
      stop()
      try {
        sink?.close()
      } catch {
        // cancelled by the browser: closed already
      }
    }
  }
}

function eventOf(hint: Told): string {
  const name = hint.kind === 'reset' ? 'reset' : 'hint'
  return `id: ${hint.index}\nevent: ${name}\ndata: ${JSON.stringify(hint)}\n\n`
}
