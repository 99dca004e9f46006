/**
 * One answer as server-sent events: headers at once, signs of life, and at the end the message that counts.
 *
 * @module
 */

export interface EventStream {
  readonly response: Response
  /** Settles when nothing more can be sent: true if the client has taken everything. */
  readonly over: Promise<boolean>
  /** For messages of which only the newest counts: it replaces one that was not taken yet, so memory stays bounded. */
  offer(message: string): void
  /** An SSE comment. Clients do not count it; what lies between us and them does. */
  breathe(): void
  /** Sends the last message (JSON in one line) and closes. True if the client came back for more after it had taken it. */
  finish(message?: string): Promise<boolean>
}

/** How long a client may take to fetch the last message before it counts as not delivered. */
const fetchWithinMs = 30_000

/** `left` is called when the client hung up before it had everything. */
export function openEventStream(left = (): void => {}): EventStream {
  let gone = false
  // The comment makes every server in between send the headers now: some wait for a first byte.
  const waiting: string[] = [': countersign\n\n']
  let newest: string | undefined
  let wake = () => {}
  let ending = false
  let settle: (taken: boolean) => void = () => {}
  const over = new Promise<boolean>((resolve) => {
    settle = resolve
  })

  const body = new ReadableStream<Uint8Array>(
    {
      /** Called when the client's side wants the next piece, so it has got rid of the one before. */
      async pull(controller) {
        while (waiting.length === 0 && newest === undefined && !ending) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        if (gone) return
        const piece = waiting.shift() ?? newest
        if (piece === newest) newest = undefined
        if (piece !== undefined) return controller.enqueue(Buffer.from(piece))
        controller.close()
        settle(true)
      },
      cancel() {
        settle(false)
        gone = true
        ending = true
        wake()
        left()
      },
    },
    { highWaterMark: 0 },
  )

  function renew(piece: string): void {
    if (ending) return
    newest = piece
    wake()
  }

  return {
    response: new Response(body, {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    }),
    over,
    offer(message) {
      renew(asEvent(message))
    },
    breathe() {
      if (newest === undefined) renew(':\n\n')
    },
    async finish(message) {
      if (ending) return false
      ending = true
      if (message) waiting.push(asEvent(message))
      newest = undefined
      wake()
      const timer = setTimeout(() => settle(false), fetchWithinMs)
      try {
        return await over
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

const asEvent = (message: string): string => `event: message\ndata: ${message}\n\n`
