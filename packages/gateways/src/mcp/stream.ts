/**
 * Answers as server-sent events: headers at once, signs of life, and the messages that count.
 *
 * @module
 */

/** Where the answer to one request goes, and what is told before it. */
export interface Outlet {
  /** For messages of which only the newest counts: it replaces one that was not taken yet, so memory stays bounded. */
  offer(message: string): void
  /** An SSE comment. Clients do not count it; what lies between us and them does. */
  breathe(): void
  /** Sends the last message (JSON in one line), if there is one. True if the client came back for more after it had taken it. */
  finish(message?: string): Promise<boolean>
}

export interface EventStream extends Outlet {
  readonly response: Response
  /** Settles when nothing more can be sent: true if the client has taken everything. */
  readonly over: Promise<boolean>
  /** Sends one message of several; true once it was taken. `event` is `message` by default. */
  tell(message: string, event?: string): Promise<boolean>
  /** The outlet of one request among several on this stream. */
  part(key: string): Outlet
}

/** How long a client may take to fetch a message before it counts as not delivered. */
const fetchWithinMs = 30_000
/** Of messages that wait to be fetched, in characters; a client that lets more pile up has gone. */
const mostWaiting = 32 << 20

interface Piece {
  readonly text: string
  settle(taken: boolean): void
}

/** `left` is called when the client hung up before it had everything. */
export function openEventStream(left = (): void => {}): EventStream {
  let gone = false
  // The comment makes every server in between send the headers now: some wait for a first byte.
  const waiting: Piece[] = [{ text: ': countersign\n\n', settle() {} }]
  const newest = new Map<string, string>()
  let taking: Piece | undefined
  let held = 0
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
        taking?.settle(true)
        taking = undefined
        while (waiting.length === 0 && newest.size === 0 && !ending) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        if (gone) return
        taking = waiting.shift() ?? newestPiece()
        if (taking) {
          held -= taking.text.length
          return controller.enqueue(Buffer.from(taking.text))
        }
        controller.close()
        settle(true)
      },
      cancel: hangUp,
    },
    { highWaterMark: 0 },
  )

  function hangUp(): void {
    gone = true
    ending = true
    newest.clear()
    for (const piece of [taking, ...waiting.splice(0)]) piece?.settle(false)
    settle(false)
    wake()
    left()
  }

  function newestPiece(): Piece | undefined {
    const [first] = newest
    if (!first) return undefined
    newest.delete(first[0])
    held += first[1].length
    return { text: first[1], settle() {} }
  }

  function renew(key: string, piece: string): void {
    if (ending) return
    newest.set(key, piece)
    wake()
  }

  function tell(message: string, event = 'message'): Promise<boolean> {
    if (ending) return Promise.resolve(false)
    const text = asEvent(message, event)
    held += text.length
    if (held > mostWaiting) {
      hangUp()
      return Promise.resolve(false)
    }
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, fetchWithinMs, false)
      waiting.push({
        text,
        settle(taken) {
          clearTimeout(timer)
          resolve(taken)
        },
      })
      wake()
    })
  }

  const breathe = () => {
    if (newest.size === 0) renew('', ':\n\n')
  }

  return {
    response: new Response(body, {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    }),
    over,
    tell,
    breathe,
    offer: (message) => renew('', asEvent(message)),
    part(key) {
      let done = false
      return {
        breathe,
        offer: (message) => void (done || renew(key, asEvent(message))),
        async finish(message) {
          if (done) return false
          done = true
          newest.delete(key)
          return message === undefined ? false : tell(message)
        },
      }
    },
    async finish(message) {
      if (ending) return false
      newest.clear()
      if (message !== undefined) void tell(message)
      ending = true
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

const asEvent = (message: string, event = 'message'): string => `event: ${event}\ndata: ${message}\n\n`
