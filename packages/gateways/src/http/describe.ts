/**
 * A message → what it means: the action to be sealed, and what is known beside it.
 *
 * @module
 */
import { CountersignError, type Attempt, type AttemptContext, type Caller, type Hall } from '@countersign/core'
import type { Action, Effect, Lineage, NamedData, Purpose, Resource, Verb } from '@countersign/schema'
import type { View } from './cel.ts'
import type { UpstreamConfig } from './config.ts'
import type { Headers } from './headers.ts'
import { type HttpParameters, seal } from './parameters.ts'
import type { Matched, Route, ToldData } from './routes.ts'
import { isSafe, type Message } from './wire.ts'

export interface Described {
  readonly action: Attempt['action']
  readonly context: AttemptContext
}

export async function describe(
  message: Message,
  caller: Caller,
  upstream: UpstreamConfig,
  matched: Matched | undefined,
  secrets: Hall['secrets'],
): Promise<Described> {
  const { method, target } = message
  const places = new Set([...upstream.secrets, ...(matched?.route.config.secrets ?? [])])
  const headers = sealedHeaders(message.headers, [
    ...upstream.headers,
    ...[...places].filter((place) => !place.startsWith('/')),
  ])
  const parameters = await seal(
    {
      upstream: target.upstream,
      origin: upstream.origin,
      method,
      target: target.path + target.query,
      headers,
      body: message.body,
    },
    [...places],
    secrets,
  )
  // Expressions see what was sealed, so no secret can reach a sentence.
  const view = viewOf(message, parameters, matched)
  const meaning = matched ? mapped(matched.route, view, message) : unmapped(message)
  return {
    action: {
      gateway: 'http',
      door: 'enforcing',
      environment: upstream.environment,
      parameters: parameters as Action['parameters'],
      ...meaning.action,
    },
    context: {
      purpose: purposeOf(message.headers, matched?.route.config.purposeHeader),
      attemptId: attemptIdOf(message.headers),
      session: caller.credential,
      trace: traceOf(message.headers),
      client: (message.headers('user-agent') ?? 'unknown').slice(0, 200),
      observed: upstream.observe,
      ...meaning.context,
    },
  }
}

interface Meaning {
  readonly action: Pick<Action, 'verb' | 'operation' | 'resources'>
  readonly context: Pick<AttemptContext, 'sentence' | 'effect' | 'lineage' | 'measures' | 'destructive'>
}

/** Nobody has said what this does, so all of it is unknown. */
function unmapped(message: Message): Meaning {
  return {
    action: {
      verb: 'http.call',
      operation: `${message.method} ${message.target.upstream}`,
      resources: [unknown(message)],
    },
    context: {
      sentence: plainly(message),
      effect: effectOf('http.call', message.method),
      lineage: {},
      measures: {},
      destructive: false,
    },
  }
}

function mapped(route: Route, view: View, message: Message): Meaning {
  const verb = route.verb(view)
  if (!verb) return unmapped(message)
  const rows = route.rows(view)
  const bytes = route.bytes(view)
  return {
    action: {
      verb,
      operation: route.config.operation ?? `${message.target.upstream}: ${route.pattern}`,
      resources: route.resources.map(({ kind, name }): Resource => {
        const told = name(view)
        return told === undefined ? unknown(message) : { kind, name: told }
      }),
    },
    context: {
      sentence: route.sentence(view) ?? plainly(message),
      effect: route.effect(view) ?? effectOf(verb, message.method),
      lineage: lineageOf(route, view),
      measures: { ...(rows !== undefined && { rows }), ...(bytes !== undefined && { bytes }) },
      destructive: route.config.destructive,
    },
  }
}

/** A list of which one name is unknown is unknown as a whole: a part of the truth would look like all of it. */
function lineageOf(route: Route, view: View): Lineage {
  const reads = route.reads && namedData(route.reads, view)
  const writes = route.writes && namedData(route.writes, view)
  const destination = route.destination(view)
  const model = route.model(view)
  return {
    ...(reads && { reads }),
    ...(writes && { writes }),
    ...(destination !== undefined && { destination }),
    ...(model !== undefined && { model }),
  }
}

function namedData(told: readonly ToldData[], view: View): NamedData[] | undefined {
  const named: NamedData[] = []
  for (const data of told) {
    const name = data.name(view)
    const columns = data.columns(view)
    if (name === undefined) return undefined
    named.push({ name, ...(columns && { columns: [...columns] }) })
  }
  return named
}

function effectOf(verb: Verb, method: string): Effect {
  if (verb === 'iam.grant') return 'grant'
  if (verb === 'model.deploy') return 'deploy'
  if (method === 'DELETE') return 'delete'
  return isSafe(method) ? 'read' : 'write'
}

const plainly = ({ method, target: { upstream, path } }: Message): string =>
  `Send ${method} ${path.slice(0, 300)} to ${upstream}`

const unknown = ({ method, target: { upstream, path } }: Message): Resource => ({
  kind: 'unknown',
  name: `${method} ${upstream}${path}`.slice(0, 500),
})

function sealedHeaders(headers: Headers, names: readonly string[]): Record<string, string> {
  const sealed: Record<string, string> = {}
  for (const name of names.toSorted()) {
    const value = headers(name)
    if (value !== undefined) sealed[name] = value
  }
  return sealed
}

function viewOf(message: Message, { headers, body }: HttpParameters, matched: Matched | undefined): View {
  const queries = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(message.target.query))
    queries.set(name, [...(queries.get(name) ?? []), value])
  const once = [...queries]
    .filter(([, values]) => values.length === 1)
    .map(([name, [value = '']]) => [name, value] as const)
  return {
    params: matched?.params ?? {},
    query: Object.fromEntries(once),
    queries: Object.fromEntries(queries),
    headers,
    body: (body && 'json' in body ? body.json : message.body?.json) ?? null,
  }
}

function purposeOf(headers: Headers, textHeader = 'countersign-purpose'): Purpose | undefined {
  const text = claimed(headers(textHeader), 2000)
  const workItem = claimed(headers('countersign-work-item'), 200)
  const link = claimed(headers('countersign-purpose-link'), 2000)
  if (!text && !workItem && !link) return undefined
  return { ...(text && { text }), ...(workItem && { workItem }), ...(link && { link }) }
}

/** A header holds ASCII only, so other letters come percent-encoded. */
function claimed(value: string | undefined, mostCharacters: number): string | undefined {
  if (value === undefined) return undefined
  try {
    return decodeURIComponent(value).slice(0, mostCharacters)
  } catch {
    return value.slice(0, mostCharacters) // not encoded: it is the text itself
  }
}

function attemptIdOf(headers: Headers): string | undefined {
  const id = headers('idempotency-key')
  if (id !== undefined && (id === '' || id.length > 255)) {
    throw new CountersignError('ERR_INPUT_INVALID', { http: 'An Idempotency-Key has 1 to 255 characters.' })
  }
  return id
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; anything else is no trace. */
function traceOf(headers: Headers): string | undefined {
  return /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/.exec(headers('traceparent') ?? '')?.[0]
}
