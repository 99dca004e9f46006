/**
 * For agents that call an API through Countersign and want to wait for people without knowing how: the same request,
 * held, answered when it was countersigned. `fetch` alone; runs on Node, Bun, Deno and at the edge.
 *
 * @module
 */

export interface CountersignOptions {
  /** The HTTP gateway with its upstream: `http://localhost:4601/company`. */
  readonly gateway: string
  /** The agent's key, `csk_…`. */
  readonly key: string
  readonly fetch?: typeof fetch
}

export interface CallOptions {
  /** Why, in a sentence: shown to whoever is asked. */
  readonly purpose?: string
  /** How long to wait for people, in milliseconds. Default 15 minutes; 0 asks and does not wait. */
  readonly patienceMs?: number
  /** Told when people are being asked. */
  readonly onHeld?: (held: Held) => void
  readonly signal?: AbortSignal
}

export interface Held {
  readonly approval: string
  readonly groups: readonly string[]
  readonly expiresAt: string
  readonly url: string
}

export interface Countersign {
  /**
   * Like `fetch` on a path below the gateway. A held request is sent again, unchanged, once its question is settled, so
   * the answer is the upstream's own, or a refusal of Countersign's (RFC 9457): 403, or 428 if nobody answered in time.
   * `init.body` has to be a string or bytes: a stream cannot be sent twice.
   */
  fetch(path: string, init?: Omit<RequestInit, 'signal'>, options?: CallOptions): Promise<Response>
}

/** How long a call waits for people if its caller says nothing: as long as questions usually stay open. */
const defaultPatienceMs = 15 * 60_000
/** One wait on one connection: proxies in between often cut what is silent for a minute. Then it is asked again. */
const longestPollSeconds = 55

export function createCountersign({ gateway, key, fetch: send = fetch }: CountersignOptions): Countersign {
  const base = gateway.replace(/\/$/, '')
  const questions = new URL(base).origin

  return {
    async fetch(path, init = {}, { purpose, patienceMs = defaultPatienceMs, onHeld, signal } = {}) {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${key}`)
      headers.set('prefer', 'wait=0') // waited for at the question, so that a connection may break
      if (purpose !== undefined) headers.set('countersign-purpose', encodeURIComponent(purpose).replaceAll('%20', ' '))
      const once = () => send(`${base}${path}`, { ...init, headers, ...(signal && { signal }) })

      const until = Date.now() + patienceMs
      for (let told = false; ; told = true) {
        const response = await once()
        const location = heldAt(response)
        if (location === undefined) return response
        if (!told) onHeld?.((await response.clone().json()) as Held)
        if (!(await settled(new URL(location, questions), until, signal))) return response
        await response.body?.cancel()
      }
    },
  }

  /** Waits until the question is no longer open; false when patience ends first. */
  async function settled(question: URL, until: number, signal: AbortSignal | undefined): Promise<boolean> {
    for (;;) {
      const leftSeconds = Math.floor((until - Date.now()) / 1000)
      if (leftSeconds <= 0) return false
      question.searchParams.set('wait', String(Math.min(leftSeconds, longestPollSeconds)))
      const answer = await send(question, { headers: { authorization: `Bearer ${key}` }, ...(signal && { signal }) })
      if (!answer.ok) return true // whatever is wrong, the request itself will be told
      const { state } = (await answer.json()) as { state: string }
      if (state !== 'open') return true
    }
  }
}

/** Where the question of a held request is, as the HTTP gateway says it. */
function heldAt(response: Response): string | undefined {
  const location = response.headers.get('location')
  if (response.status !== 428 || !location?.includes('/.countersign/approvals/')) return undefined
  return location
}
