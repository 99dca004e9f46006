/**
 * For tests: a listener with one gateway behind it.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Caller,
  createPins,
  createConcerns,
  type KeptConcerns,
  CountersignError,
  type GatewayContext,
  type Handler,
  type LogLine,
  startPatience,
  type Tombstones,
} from '@countersign/core'
import { Agent, byPerson, type ToolRecord } from '@countersign/schema'
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client'
import { McpConfig } from './config.ts'
import { createFakeGate, type FakeGate, waiting } from './fake-gate.ts'
import { type McpParts, startMcp } from './mcp.ts'
import { reach } from './reach.ts'
import type { OpenWay, Way } from './way.ts'

export const keys = {
  mine: 'key-of-mine',
  other: 'key-of-other',
  stopped: 'key-of-stopped',
  /** Comes while the store is gone. */
  unlucky: 'key-of-unlucky',
}

function callerOf(credential: string): Caller {
  if (credential === keys.unlucky) throw new CountersignError('ERR_STORE_UNAVAILABLE')
  if (credential === keys.stopped) throw new CountersignError('ERR_AGENT_STOPPED')
  const id = credential === keys.mine ? 'mine' : credential === keys.other ? 'other' : undefined
  if (id === undefined) throw new CountersignError('ERR_AGENT_UNKNOWN')
  const agent = Agent.parse({
    id,
    version: 1,
    name: id,
    owner: 'per_2',
    team: 'team',
    groups: [],
    environment: 'dev',
    status: 'active',
    keys: [],
    registeredBy: 'per_2',
    changedBy: 'per_2',
  })
  const proveAgain = async () => agent
  return { agent, credential: `key_${id}`, onBehalfOf: undefined, startedBy: undefined, proveAgain }
}

export interface FakeInstance {
  readonly url: string
  readonly gate: FakeGate
  readonly log: LogLine[]
  /** From where each credential came. */
  readonly sources: Set<string | undefined>
  /** What is recorded of tools, by `server/name`. */
  readonly tools: Map<string, ToolRecord>
  /** As when other policies come in force. */
  allowancesChanged(): void
  /** As a person does who has looked at the tool as it is listed now. */
  accept(id: string): Promise<void>
  readonly concerns: KeptConcerns
  /** What cannot be served of what servers list. */
  leftOut(): readonly { server: string; name: string; why: string }[]
  /** What secrets were kept, by reference. */
  readonly secrets: Map<string, string>
  /** `agent server/tool`: what is certainly denied. */
  readonly prohibited: Set<string>
  /** Why a key that was good opens nothing now. */
  readonly turnedAway: Map<string, 'ERR_AGENT_STOPPED' | 'ERR_AGENT_UNKNOWN' | 'ERR_STORE_UNAVAILABLE'>
  /** Of the servers it has started and that run. */
  pids(): number[]
  close(): Promise<void>
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export function graveyard(): Tombstones {
  const names = new Set<string>()
  return { put: async (name) => void names.add(name), stands: async (name) => names.has(name) }
}

/** `tools`, `tombstones`: what an instance that stood here before has recorded. */
export async function openFakeInstance(
  section: unknown,
  {
    tools = new Map(),
    tombstones = graveyard(),
    port = 0,
    ...parts
  }: Partial<McpParts> & { tools?: Map<string, ToolRecord>; tombstones?: Tombstones; port?: number } = {},
): Promise<FakeInstance> {
  const gate = createFakeGate()
  const sources = new Set<string | undefined>()
  const mounts = new Map<string, Handler>()
  const log: LogLine[] = []
  const secrets = new Map<string, string>()
  const prohibited = new Set<string>()
  const turnedAway: FakeInstance['turnedAway'] = new Map()
  const watchers = new Set<() => void>()
  const answer = (request: IncomingMessage, response: ServerResponse) => bridge(request, response, mounts)
  const server = createServer(answer).on('checkContinue', answer)
  server.keepAliveTimeout = 65_000
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const pins = createPins({
    store: {
      tools: {
        get: async (id) => tools.get(id),
        list: async (of) => [...tools.values()].filter((tool) => tool.server === of),
      },
      async commit({ facts }) {
        for (const fact of facts) if (fact.kind === 'tool.changed') tools.set(fact.tool.id, fact.tool)
        return 0
      },
    },
  })
  const concerns = createConcerns({ clock: { now: () => Date.now() }, log: (line) => log.push(line) })
  const services: GatewayContext = {
    gate,
    clock: { now: () => Date.now() },
    publicUrl: url,
    async identify(presented, { source }) {
      if (presented.kind !== 'bearer') throw new CountersignError('ERR_CREDENTIAL_KIND')
      const credential = presented.token
      sources.add(source)
      const refused = turnedAway.get(credential)
      if (refused) throw new CountersignError(refused)
      return callerOf(credential)
    },
    async question(approval, caller, waitMs, signal) {
      const question = [...gate.questions.values()].find(({ id }) => id === approval)
      if (!question || caller.agent.id !== 'mine') throw new CountersignError('ERR_APPROVAL_UNKNOWN')
      const { signal: patience } = startPatience({ patienceMs: waitMs, signal })
      await gate.until(() => question.state !== 'open', patience)
      return { approval, state: question.state, url: 'http://countersign', reason: undefined, ...waiting }
    },
    couldAllow: ({ agent }, { resource }) => !prohibited.has(`${agent.id} ${resource?.name}`),
    secrets: {
      async keep(value) {
        const reference = `secret:${secrets.size + 1}`
        secrets.set(reference, value)
        return reference
      },
      async reveal(reference) {
        const value = secrets.get(reference)
        if (value === undefined) throw new CountersignError('ERR_SECRET_UNKNOWN')
        return value
      },
    },
    tools: pins,
    concerns,
    tombstones,
    key: () => new Uint8Array(32).fill(7),
    onAllowances(told) {
      watchers.add(told)
      return () => void watchers.delete(told)
    },
    mount: (path, handler) => mounts.set(path, handler),
    log: (line) => log.push(line),
  }
  const started: Way[] = []
  const connect: McpParts['connect'] = (name, config) => {
    const open = reach(name, config, services.log)
    return (hear) => {
      const way = open(hear)
      started.push(way)
      return way
    }
  }
  const running = await startMcp(McpConfig.parse(section), services, { connect, ...parts })
  return {
    url,
    gate,
    log,
    sources,
    tools,
    allowancesChanged: () => watchers.forEach((told) => told()),
    accept: async (id) => void (await pins.accept(id, tools.get(id)?.listed.hash ?? '', byPerson('per_1'))),
    secrets,
    concerns,
    leftOut: () => pins.leftOut(),
    prohibited,
    turnedAway,
    pids: () => started.flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
    async close() {
      await running.close()
      const closed = once(server, 'close')
      server.close()
      const cut = setTimeout(() => server.closeAllConnections(), 250) // the last words have a moment to arrive
      server.closeIdleConnections()
      await closed
      clearTimeout(cut)
    },
  }
}

/** A server of the official package, or one like it, at the other end of a pair of transports in memory. */
export const overTransport =
  (connect: () => Transport): OpenWay =>
  (hear) => {
    const transport = connect()
    let open = true
    transport.onmessage = (message) => hear.message(JSON.stringify(message))
    transport.onclose = () => open && hear.lost('the server has gone')
    void transport.start()
    return {
      async send(message) {
        await transport.send(JSON.parse(message) as JSONRPCMessage)
        return { kind: 'sent' }
      },
      agreed: () => undefined,
      async close() {
        open = false
        await transport.close()
      },
    }
  }

/** As Countersign's own listener does. */
function bridge(request: IncomingMessage, response: ServerResponse, mounts: Map<string, Handler>): void {
  const [, handler] = [...mounts].find(([path]) => request.url?.startsWith(`${path}/`)) ?? []
  if (handler) void handler(request, response)
  else response.writeHead(404).end()
}
