/**
 * One MCP server behind Countersign: connected when needed, again after a crash, and stopped with the gateway.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import {
  type Clock,
  type Concerns,
  CountersignError,
  type LogLine,
  type Signal,
  type ToolPins,
} from '@countersign/core'
import { type Answer, type Conversation, openConversation, type Progress } from './conversation.ts'
import type { Listed } from './definitions.ts'
import { createDefinitions, type Definition } from './pins.ts'
import { readPage, type Reply, replyOf } from './reply.ts'
import type { OpenWay } from './way.ts'

export interface Call {
  readonly tool: string
  /** JSON, exactly as it was hashed. */
  readonly args: string
  /** Ends the wait for its answer; its reason is a text. */
  readonly cut: Signal
  /** Called when the connection stands and nothing is sent yet; what it throws is thrown. */
  begin(): void
  onProgress(progress: Progress): void
}

export interface Upstream {
  /** What may be shown to agents. @throws ERR_UPSTREAM, ERR_UPSTREAM_LATE, ERR_STORE_UNAVAILABLE */
  tools(): Promise<readonly Listed[]>
  /** @throws ERR_UPSTREAM, ERR_UPSTREAM_LATE, ERR_STORE_UNAVAILABLE */
  find(name: string): Promise<Definition>
  /** @throws ERR_UPSTREAM, ERR_UPSTREAM_LATE if there is no connection to send it over */
  call(call: Call): Promise<Reply>
  close(): Promise<void>
}

export interface UpstreamParts {
  readonly name: string
  readonly timeoutMs: number
  /** How long it may take to answer `initialize` and `tools/list`, in milliseconds. */
  readonly connectMs: number
  readonly clock: Clock
  readonly pins: ToolPins
  readonly concerns: Concerns
  readonly open: OpenWay
  onToolsChanged(): void
  log(line: LogLine): void
}

/** Its list of tools is asked for once per connection: a restarted server may not be the one we knew. */
interface Connection {
  readonly opening: Promise<Conversation>
  listing: Promise<void> | undefined
  /** When it last gave a sign of life. */
  answeredAt: number
}

export function createUpstream({
  name,
  timeoutMs,
  connectMs,
  clock,
  pins,
  concerns,
  open,
  onToolsChanged,
  log,
}: UpstreamParts): Upstream {
  const definitions = createDefinitions(name, pins)
  const closing = new AbortController()
  const concern = `mcp/${name}`
  let connection: Connection | undefined
  let failures = 0

  /** One connection for everybody; whoever comes while it is being made waits for the same one. */
  async function connected(): Promise<{ connection: Connection; conversation: Conversation }> {
    connection ??= begin()
    const current = connection
    const conversation = await current.opening
    if (clock.now() - current.answeredAt < trustedForMs) return { connection: current, conversation }
    if (isAlive(await conversation.ask({ method: 'ping', withinMs: pingMs }))) {
      current.answeredAt = clock.now()
      return { connection: current, conversation }
    }
    await drop(current, conversation)
    return connected()
  }

  function begin(): Connection {
    const begun: Connection = {
      opening: dial((says) => lost(begun, says)),
      listing: undefined,
      answeredAt: Number.POSITIVE_INFINITY,
    }
    begun.opening.then(
      () => {
        begun.answeredAt = clock.now()
      },
      () => lost(begun),
    )
    return begun
  }

  async function dial(onLost: (says: string) => void): Promise<Conversation> {
    if (failures > 0) await pause(backoffMs(failures), undefined, { signal: closing.signal }).catch(() => undefined)
    if (closing.signal.aborted) throw new CountersignError('ERR_UPSTREAM', { server: name })
    const opening = await openConversation({
      open,
      withinMs: connectMs,
      lost: onLost,
      told(method) {
        if (method !== 'notifications/tools/list_changed') return
        if (connection) connection.listing = undefined
        onToolsChanged()
      },
    })
    switch (opening.kind) {
      case 'failed':
        throw unreachable(opening.says, opening.late)
      case 'open':
        if (closing.signal.aborted) await opening.conversation.close()
        return opening.conversation
    }
  }

  function unreachable(says: string, late: boolean): CountersignError {
    if (!closing.signal.aborted) concerns.raise(concern, `MCP server ${name}: ${says}`)
    return new CountersignError(late ? 'ERR_UPSTREAM_LATE' : 'ERR_UPSTREAM', { server: name, says })
  }

  function lost(which: Connection, says?: string): void {
    if (connection !== which) return
    connection = undefined
    failures += 1
    if (says !== undefined && !closing.signal.aborted) concerns.raise(concern, `MCP server ${name}: ${says}`)
  }

  async function drop(which: Connection, conversation: Conversation): Promise<void> {
    if (connection === which) connection = undefined
    await conversation.close()
  }

  async function listed(): Promise<void> {
    for (let again = false; ; again = true) {
      const { connection: current, conversation } = await connected()
      current.listing ??= see(conversation).catch((error: unknown) => {
        current.listing = undefined
        throw error
      })
      try {
        await current.listing
        concerns.clear(concern)
        return
      } catch (error) {
        if (!(error instanceof Forgotten)) throw error
        await drop(current, conversation)
        if (again) throw unreachable('it forgets its sessions at once', false)
      }
    }
  }

  async function see(conversation: Conversation): Promise<void> {
    await definitions.see(await list(conversation))
    failures = 0
    const aside = definitions.quarantined().length
    if (aside > 0)
      log({ level: 'warn', says: 'Tools are quarantined: new, or not as they were.', server: name, tools: aside })
    tellLeftOut()
  }

  function tellLeftOut(): void {
    const out = definitions.leftOut()
    const key = `${concern}: tools`
    if (out.length === 0) return concerns.clear(key)
    const few = out.slice(0, 10).map(({ name: tool, why }) => `${JSON.stringify(tool)}: ${why}`)
    const more = out.length > few.length ? `; and ${out.length - few.length} more` : ''
    concerns.raise(key, `Tools of ${name} that cannot be served: ${few.join('; ')}${more}.`)
  }

  async function list(conversation: Conversation): Promise<string[]> {
    const tools: string[] = []
    let cursor: string | undefined
    for (let page = 0; page < mostPages && tools.length < mostTools; page += 1) {
      const params = cursor === undefined ? {} : { params: { cursor: JSON.stringify(cursor) } }
      const answer = await conversation.ask({ method: 'tools/list', ...params, withinMs: connectMs })
      const read = readPage(answer)
      if (read.kind === 'forgotten') throw new Forgotten()
      if (read.kind === 'failed') throw unreachable(`tools/list: ${read.says}`, answer.kind === 'late')
      tools.push(...read.tools)
      cursor = read.next
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
    async call({ tool, args, cut, begin: beginCall, onProgress }) {
      const { connection: current, conversation } = await connected()
      beginCall()
      const params = { name: JSON.stringify(tool), arguments: args }
      const answer = await conversation.ask({ method: 'tools/call', params, withinMs: timeoutMs, cut, onProgress })
      const reply = replyOf(answer)
      if (reply.kind === 'forgotten') await drop(current, conversation)
      else if (isAlive(answer)) {
        current.answeredAt = clock.now()
        failures = 0
      } else if (answer.kind !== 'cut') {
        const says = 'says' in reply ? reply.says : ''
        log({
          level: 'warn',
          says: 'A run at an MCP server did not end well.',
          server: name,
          how: reply.kind,
          why: says,
        })
        current.answeredAt = Number.NEGATIVE_INFINITY // it is tried before the next permit is spent on it
      }
      return reply
    },
    async close() {
      const current = connection
      closing.abort()
      const conversation = await current?.opening.catch(() => undefined)
      await conversation?.close()
    },
  }
}

/** The server does not know our session any more, and nothing was done. */
class Forgotten extends Error {}

/** How long such a connection may take to answer; one that does not is replaced. */
const pingMs = 10_000
/** After this long without a sign of life a connection is tried before a permit is spent on it. */
const trustedForMs = 30_000
/** Pages of one list of tools, against servers whose list never ends; what comes after is not listed. */
const mostPages = 100
/** Tools of one server, more than any model chooses among; those beyond are not listed and cannot be called. */
const mostTools = 1000

/** Short of the 5 s that some clients give `tools/list`. */
const backoffMs = (failures: number): number => Math.min(4000, 125 * 2 ** failures)

const isAlive = ({ kind }: Answer): boolean => kind === 'result' || kind === 'error'
