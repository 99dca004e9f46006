/**
 * An instance around the gateway, for its tests: a gate that says what the test wants, and an upstream that remembers.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import {
  createConcerns,
  CountersignError,
  type EnforcingAttempt,
  type Caller,
  type Concern,
  type GatewayContext,
  type LogLine,
  type Permit,
  type ApprovalStatus,
  type Ran,
  type Signal,
} from '@countersign/core'
import type { Obligation, Refusal } from '@countersign/schema'
import { http } from './http.ts'

export const key = 'csk_agent-one'
export const otherKey = 'csk_agent-two'
export const upstreamCredential = 'credential-for-the-upstream'

/** What the gate says to an attempt. */
type Say = (attempt: EnforcingAttempt) => Refusal | 'run' | Promise<Refusal | 'run'>

export interface Instance {
  readonly url: string
  readonly port: number
  readonly upstream: Upstream
  /** Every attempt that reached the gate. */
  readonly attempts: EnforcingAttempt[]
  readonly ran: Ran[]
  readonly logs: LogLine[]
  readonly kept: Map<string, string>
  /** What is wrong now. */
  concerns(): readonly Concern[]
  say: Say
  obligations: Obligation[]
  beforeBegin: () => void
  /** Takes back the permit of every run; the reason is a text. */
  revoke: AbortController
  question: (id: string, waitMs: number, signal: Signal) => ApprovalStatus | Promise<ApprovalStatus>
  /** A request with the agent's key. */
  ask(path: string, init?: Init): Promise<Response>
  /** Raw bytes in, all that comes back until the connection closes. */
  raw(bytes: string | Uint8Array): Promise<string>
  close(): Promise<void>
}

export interface Init extends Omit<RequestInit, 'headers'> {
  readonly headers?: Readonly<Record<string, string>>
}

interface Upstream {
  readonly origin: string
  readonly received: {
    method: string
    url: string
    rawHeaders: string[]
    headers: IncomingMessage['headers']
    body: string
  }[]
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void
}

export async function openInstance(settings: { upstream?: object; config?: object } = {}): Promise<Instance> {
  const { server, upstream } = await openUpstream()
  const attempts: EnforcingAttempt[] = []
  const ran: Ran[] = []
  const logs: LogLine[] = []
  const concerns = createConcerns({ clock: { now: () => Date.now() }, log: (line) => logs.push(line) })
  const kept = new Map<string, string>()
  const undelivered = new Map<string, Ran>()

  async function pass(attempt: EnforcingAttempt): Promise<void> {
    attempts.push(attempt)
    const id = attempt.context.attemptId
    const earlier = id === undefined ? undefined : undelivered.get(id)
    if (earlier?.result) return attempt.replay(earlier.result, earlier.outcome)
    // As core does: what is judged and run is a copy.
    const action = structuredClone(attempt.action)
    const said = await instance.say(attempt)
    if (said !== 'run') return attempt.refuse(said)
    if (attempt.signal.aborted) return undefined
    const { obligations } = instance
    const { measures } = attempt.context
    const { beforeBegin: begin, revoke } = instance
    const revoked = revoke.signal
    const permit = { id: 'prm_1', actionId: 'act_1', action, obligations, measures, revoked, begin }
    const result = await attempt.run(permit as unknown as Permit)
    ran.push(result)
    if (id !== undefined) undelivered.set(id, result)
    return undefined
  }

  const services: GatewayContext = {
    gate: { pass, async report() {} },
    clock: { now: () => 0 },
    publicUrl: 'http://countersign.test',
    async identify(presented) {
      if (presented.kind !== 'bearer') throw new CountersignError('ERR_CREDENTIAL_KIND')
      const credential = presented.token
      if (credential !== key && credential !== otherKey) throw new CountersignError('ERR_AGENT_UNKNOWN')
      const first = credential === key
      return {
        agent: { id: first ? 'agent-one' : 'agent-two' },
        credential: first ? 'key_1' : 'key_2',
        onBehalfOf: undefined,
        startedBy: undefined,
      } as unknown as Caller
    },
    couldAllow: () => true,
    tools: { see: async () => undefined, pinned: () => undefined, watch: () => () => undefined },
    question: async (id, _, waitMs, signal) => instance.question(id, waitMs, signal),
    secrets: {
      async keep(value) {
        const reference = `secret:${kept.size + 1}`
        kept.set(reference, value)
        return reference
      },
      async reveal(reference) {
        const value = kept.get(reference)
        if (value === undefined) throw new CountersignError('ERR_SECRET_UNKNOWN')
        return value
      },
    },
    concerns,
    tombstones: { put: async () => undefined, stands: async () => false },
    key: () => new Uint8Array(32),
    onAllowances: () => () => undefined,
    mount: () => undefined,
    log: (line) => logs.push(line),
  }
  const started = http.start(
    {
      listen: '127.0.0.1:0',
      upstreams: {
        crm: {
          origin: upstream.origin,
          private: true,
          environment: 'prod',
          credential: { header: 'authorization', value: `Bearer ${upstreamCredential}` },
          ...settings.upstream,
        },
      },
      ...settings.config,
    },
    services,
  )
  const closeUpstream = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  const running = await started.catch(async (error: unknown) => {
    await closeUpstream()
    throw error
  })
  const [{ port }] = logs.flatMap(({ address }) => (address ? [address] : [])) as [AddressInfo]
  const url = `http://127.0.0.1:${port}`
  let closed: Promise<void> | undefined
  const instance: Instance = {
    url,
    port,
    upstream,
    attempts,
    ran,
    logs,
    kept,
    concerns: concerns.list,
    say: () => 'run',
    obligations: [],
    beforeBegin: () => undefined,
    revoke: new AbortController(),
    question: () => {
      throw new CountersignError('ERR_APPROVAL_UNKNOWN')
    },
    ask: (path, { headers, ...init } = {}) =>
      fetch(url + path, { redirect: 'manual', ...init, headers: { authorization: `Bearer ${key}`, ...headers } }),
    raw: (bytes) => speak(port, bytes),
    close() {
      closed ??= running.close().then(closeUpstream)
      return closed
    },
  }
  return instance
}

async function openUpstream(): Promise<{ server: Server; upstream: Upstream }> {
  const server = createServer((request, response) => {
    receive(request, response).catch(() => response.destroy()) // a request that broke off is none
  })
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString('latin1')
    const { method = '', url = '', rawHeaders, headers } = request
    upstream.received.push({ method, url, rawHeaders, headers, body })
    upstream.answer(request, response, body)
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const upstream: Upstream = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    answer: (_, response) => response.end('ok'),
  }
  return { server, upstream }
}

async function speak(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  // A reset after the answer is as good an end as any.
  socket.on('error', () => undefined)
  socket.write(bytes)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

/** Resolves once a client that has not gone yet does so. */
export const gone = (signal: Signal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))

export const waiting: Refusal = {
  kind: 'waiting',
  approval: 'apr_1',
  groups: ['finance-controllers'],
  expiresAt: Date.UTC(2030, 0, 1),
  url: 'http://countersign.test/approvals/apr_1',
}

/** An upstream that answers so. */
export const answering =
  (type: string, body: string | readonly string[], headers: Record<string, string> = {}) =>
  (_: unknown, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': type, ...headers })
    for (const part of typeof body === 'string' ? [body] : body) response.write(part)
    response.end()
  }

/** Of an answer, or that it broke off. */
export const text = (answer: Response): Promise<string> => answer.text().catch(() => 'cut off')

/** Answers with these bytes as they are, in these parts. */
export const sending =
  (status: number, headers: Record<string, string | string[]>, body: string | Buffer | readonly (string | Buffer)[]) =>
  (_: unknown, response: ServerResponse) => {
    response.writeHead(status, headers)
    for (const part of Array.isArray(body) ? (body as readonly Buffer[]) : [body as Buffer]) response.write(part)
    response.end()
  }
