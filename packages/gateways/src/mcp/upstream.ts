/**
 * One MCP server behind the house: connected when needed, again after a crash, and stopped with the house.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { type Clock, CountersignError, type LogLine, type ToolPins } from '@countersign/core'
import { Client, SdkError, SdkErrorCode, type Transport } from '@modelcontextprotocol/client'
import { z } from 'zod'
import { createDefinitions, type Definition, type Tool } from './pins.ts'
import { type JsonObject, ToolResult } from './wire.ts'

/** How a call upstream ended. `unknown`: it may have done its work. */
export type Reply =
  | { readonly kind: 'answered'; readonly result: ToolResult }
  | { readonly kind: 'failed' | 'unknown'; readonly says: string }

export interface Progress {
  readonly progress: number
  readonly total?: number | undefined
  readonly message?: string | undefined
}

export interface Upstream {
  /** What may be shown to agents. @throws ERR_UPSTREAM, ERR_STORE_UNAVAILABLE */
  tools(): Promise<readonly Tool[]>
  /** @throws ERR_UPSTREAM, ERR_STORE_UNAVAILABLE */
  find(name: string): Promise<Definition>
  /** `begin` is called when the connection stands and nothing is sent yet; what it throws is thrown. */
  call(name: string, args: JsonObject, begin: () => void, onProgress: (progress: Progress) => void): Promise<Reply>
  close(): Promise<void>
}

export interface UpstreamParts {
  readonly name: string
  readonly timeoutMs: number
  readonly clock: Clock
  readonly pins: ToolPins
  /** A transport that nobody has started yet. */
  connect(): Transport
  onToolsChanged(): void
  log(line: LogLine): void
}

/** Its list of tools is asked for once per connection: a restarted server may not be the one we knew. */
interface Connection {
  readonly client: Promise<Client>
  listing: Promise<void> | undefined
  /** When it last gave a sign of life. */
  answeredAt: number
}

export function createUpstream({
  name,
  timeoutMs,
  clock,
  pins,
  connect,
  onToolsChanged,
  log,
}: UpstreamParts): Upstream {
  const definitions = createDefinitions(name, pins)
  const closing = new AbortController()
  let connection: Connection | undefined
  let failures = 0

  /** One connection for everybody; whoever comes while it is being made waits for the same one. */
  async function connected(): Promise<{ connection: Connection; client: Client }> {
    connection ??= open()
    const current = connection
    const client = await current.client
    if (clock.now() - current.answeredAt < trustedForMs) return { connection: current, client }
    if (await alive(client)) {
      current.answeredAt = clock.now()
      return { connection: current, client }
    }
    await client.close()
    return connected()
  }

  function open(): Connection {
    const opened: Connection = {
      client: dial(() => lost(opened)),
      listing: undefined,
      answeredAt: Number.POSITIVE_INFINITY,
    }
    opened.client.then(
      () => {
        opened.answeredAt = clock.now()
      },
      () => {
        lost(opened)
        log({ level: 'warn', says: 'An MCP server could not be reached.', server: name })
      },
    )
    return opened
  }

  async function dial(onClose: () => void): Promise<Client> {
    try {
      if (failures > 0) await pause(backoffMs(failures), undefined, { signal: closing.signal })
      closing.signal.throwIfAborted()
      // No capabilities: what the server asks of its client (sampling, roots, elicitation) is answered with an error.
      const client = new Client({ name: 'countersign', version: '0.1.0' }, { capabilities: {} })
      client.onclose = onClose
      client.setNotificationHandler('notifications/tools/list_changed', () => {
        if (connection) connection.listing = undefined
        onToolsChanged()
      })
      await client.connect(connect(), { timeout: connectMs, signal: closing.signal })
      return client
    } catch (cause) {
      throw new CountersignError('ERR_UPSTREAM', { server: name }, { cause })
    }
  }

  function lost(which: Connection): void {
    if (connection !== which) return
    connection = undefined
    failures += 1
  }

  async function listed(): Promise<void> {
    const { connection: current, client } = await connected()
    current.listing ??= see(client).catch((error: unknown) => {
      current.listing = undefined
      throw error
    })
    await current.listing
  }

  async function see(client: Client): Promise<void> {
    await definitions.see(await list(client))
    const aside = definitions.quarantined().length
    if (aside > 0)
      log({ level: 'warn', says: 'Tools are quarantined: new, or not as they were.', server: name, tools: aside })
  }

  async function list(client: Client): Promise<unknown[]> {
    const tools: unknown[] = []
    let cursor: string | undefined
    for (let page = 0; page < mostPages && tools.length < mostTools; page += 1) {
      const params = cursor === undefined ? {} : { cursor }
      const answer = await client
        .request({ method: 'tools/list', params }, ListResult, { timeout: connectMs })
        .catch((cause: unknown) => {
          throw new CountersignError('ERR_UPSTREAM', { server: name }, { cause })
        })
      tools.push(...answer.tools)
      cursor = answer.nextCursor
      if (cursor === undefined) break
    }
    return tools.slice(0, mostTools)
  }

  return {
    async tools() {
      await listed()
      return definitions.shown()
    },
    async find(tool) {
      await listed()
      return definitions.find(tool)
    },
    async call(tool, args, begin, onProgress) {
      const { connection: current, client } = await connected()
      begin()
      try {
        const result = await client.request(
          { method: 'tools/call', params: { name: tool, arguments: args } },
          ToolResult,
          {
            timeout: timeoutMs,
            maxTotalTimeout: timeoutMs,
            onprogress: onProgress,
          },
        )
        current.answeredAt = clock.now()
        failures = 0
        return { kind: 'answered', result }
      } catch (error) {
        const { reply, broken } = badEnd(error)
        log({ level: 'warn', says: 'A run at an MCP server did not end well.', server: name, how: reply.kind })
        if (broken) await client.close()
        return reply
      }
    },
    async close() {
      const open = connection
      closing.abort()
      const client = await open?.client.catch(() => undefined)
      await client?.close()
    },
  }
}

async function alive(client: Client): Promise<boolean> {
  try {
    await client.request({ method: 'ping' }, z.looseObject({}), { timeout: pingMs })
    return true
  } catch (error) {
    return Said.safeParse(error).success
  }
}

const connectMs = 30_000
const pingMs = 10_000
/** After this long without a sign of life a connection is tried before a permit is spent on it. */
const trustedForMs = 30_000
const mostPages = 100
const mostTools = 1000

const ListResult = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.string().optional() })

/** Short of the 5 s that some clients give `tools/list`. */
const backoffMs = (failures: number): number => Math.min(4000, 125 * 2 ** failures)

/** An error answer says that it was refused there. Anything else leaves open what happened. */
function badEnd(error: unknown): { reply: Reply; broken: boolean } {
  const said = Said.safeParse(error)
  if (said.success) {
    const says = `the server answered with error ${said.data.code}: ${said.data.message.slice(0, 2000)}`
    return { reply: { kind: 'failed', says }, broken: false }
  }
  const code = error instanceof SdkError ? error.code : undefined
  if (code === SdkErrorCode.NotConnected)
    return { reply: { kind: 'failed', says: 'the server was not connected' }, broken: true }
  if (code === SdkErrorCode.RequestTimeout) {
    return { reply: { kind: 'unknown', says: 'the server did not answer in time' }, broken: false }
  }
  return {
    reply: { kind: 'unknown', says: 'the connection to the server was lost, or its answer cannot be read' },
    broken: true,
  }
}

/** A JSON-RPC error as the client library raises it. */
const Said = z.object({ code: z.int(), message: z.string() })
