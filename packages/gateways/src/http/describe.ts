/**
 * A message → what it means: the action to be sealed, and what is known beside it.
 *
 * @module
 */
import {
  type Attempt,
  type AttemptContext,
  type Caller,
  folded,
  type GatewayContext,
  type EffectHint,
} from '@countersign/core'
import type { Action, Purpose, Resource } from '@countersign/schema'
import { attemptIdOf, purposeOf, traceOf } from '../meaning/claims.ts'
import { meaningOf } from '../meaning/describe.ts'
import { offered, type View } from '../meaning/expression.ts'
import { ambiguous, mustBeOneReading } from '../meaning/reading.ts'
import { namesDeepIn } from '../meaning/rule.ts'
import type { Body } from './body.ts'
import type { RowsFrom, UpstreamConfig } from './config.ts'
import { type Fields, mustBeOneReadingOf, readUrlEncoded, valuesOf } from './fields.ts'
import type { Headers } from './headers.ts'
import { readMultipart } from './multipart.ts'
import { type HttpParameters, jsonIn, redact } from './parameters.ts'
import { mustStandOnce, mustBeReadable, mustKeepMethod } from './sources.ts'
import { typesOf } from './representation.ts'
import type { Matched } from './routes.ts'
import { type Head, isSafe } from './wire.ts'

export interface Message extends Head {
  readonly body: Body | undefined
}

export interface Described {
  readonly action: Attempt['action']
  readonly context: AttemptContext
}

/** @throws ERR_INPUT_INVALID for what two readers could read in two ways, and for claims that are none */
export async function describe(
  message: Message,
  caller: Caller,
  upstream: UpstreamConfig,
  matched: Matched | undefined,
  secrets: GatewayContext['secrets'],
): Promise<Described> {
  const { method, target } = message
  const read = readOnce(message, upstream, matched)
  const pointers = new Set([...upstream.secrets, ...(matched?.route.config.secrets ?? [])])
  const headers = sealedHeaders(message.headers, matched?.route.config.rowsFrom, [
    ...upstream.headers,
    ...[...pointers].filter((pointer) => !pointer.startsWith('/')),
  ])
  const parameters = await redact(
    {
      upstream: target.upstream,
      origin: upstream.origin,
      method,
      target: target.path + target.query,
      headers,
      body: message.body,
    },
    [...pointers],
    secrets,
  )
  // Expressions see what was sealed, so no secret can reach a sentence.
  const { action, context } = meaningOf(matched?.route.rule, viewOf(read, parameters, matched), otherwise(message))
  return {
    action: {
      gateway: 'http',
      mode: 'enforcing',
      environment: upstream.environment,
      parameters: parameters as Action['parameters'],
      operation: operationOf(message, matched),
      ...action,
    },
    context: {
      purpose: purposeIn(message.headers, matched?.route.config.purposeHeader),
      attemptId: attemptIdOf(message.headers('idempotency-key')),
      session: caller.credential,
      trace: traceOf(message.headers('traceparent')),
      client: (message.headers('user-agent') ?? 'unknown').slice(0, 200),
      observed: upstream.observe,
      ...context,
    },
  }
}

/** Where a message says what it is about. Undefined: it does not say it in that form. */
interface Read {
  readonly message: Message
  readonly query: Fields
  readonly form: Fields | undefined
}

/** Reads what names things, and holds it against what the route rests on. */
function readOnce(message: Message, upstream: UpstreamConfig, matched: Matched | undefined): Read {
  const { names, alike: allowed } = matched?.route.rule ?? { names: new Map<string, Set<string>>(), alike: [] }
  const of = (variable: string) => names.get(variable) ?? new Set<string>()

  const query = readUrlEncoded(message.target.query.replace(/^\?/, ''), allowed)
  mustBeOneReadingOf(query, { once: of('query'), lists: of('queries'), allowed })
  const form = formIn(message, allowed)
  if (form) {
    mustBeOneReadingOf(form, { once: of('form'), lists: of('forms'), allowed })
    if (form.some(([name, value = '']) => folded(name) === '_CHARSET_' && !/^utf-?8$/i.test(value)))
      throw ambiguous('the form names a charset')
  }
  const json = message.body?.json
  if (json !== undefined) mustBeOneReading(json, { read: namesDeepIn(names, 'body'), allowed })
  const sources = { query, form, json, params: matched?.params ?? {} }
  mustStandOnce(sources, { names, alike: allowed })
  mustKeepMethod(message.method, message.headers, upstream.headers, sources, { names, alike: allowed })
  return { message, query, form }
}

function formIn({ headers, body }: Message, allowed: readonly string[]): Fields | undefined {
  const type = headers('content-type') ?? ''
  if (!body || 'spooled' in body) return undefined
  if (/^\s*multipart\/form-data\s*(?:;|$)/i.test(type)) return readMultipart(body.bytes, type)
  if (!/^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) return undefined
  const text = textOf(body.bytes)
  mustBeReadable(type, text)
  return readUrlEncoded(text, allowed)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw ambiguous('the form is not UTF-8', cause)
  }
}

/** Nobody has said what this does, or not all of it: that is unknown. */
const otherwise = (message: Message) => ({
  verb: 'http.call' as const,
  resource: unknown(message),
  unknown: unknown(message),
  hint: hidesMethod(message) ? ('deletes' as const) : hintOf(message.method),
  sentence: () => plainly(message),
})

export function hintOf(method: string): EffectHint | undefined {
  if (method === 'DELETE') return 'deletes'
  return isSafe(method) ? 'reads' : undefined
}

/** Stable, whatever a message says: policies name it, and what an agent has done before is told by it. */
function operationOf({ method, target: { upstream } }: Message, matched: Matched | undefined): string {
  if (!matched) return `${method} ${upstream}`
  const { config, pattern } = matched.route
  return config.operation ?? `${upstream}: ${pattern}`
}

const plainly = ({ method, target: { upstream, path } }: Message): string =>
  `Send ${method} ${path.slice(0, 300)} to ${upstream}`

const unknown = ({ method, target: { upstream, path } }: Message): Resource => ({
  kind: 'unknown',
  name: `${method} ${upstream}${path}`.slice(0, 500),
})

/** Where rows are counted in one form, that form is asked for, and all of it: whoever asks does not choose another. */
function sealedHeaders(
  headers: Headers,
  rowsFrom: RowsFrom | undefined,
  names: readonly string[],
): Record<string, string> {
  const sealed: Record<string, string> = {}
  for (const name of names.toSorted()) {
    const value = headers(name)
    if (value !== undefined) sealed[name] = value
  }
  if (rowsFrom === undefined || rowsFrom === 'request') return sealed
  const whole = Object.fromEntries(Object.entries(sealed).filter(([name]) => !/^(?:if-)?range$/.test(name)))
  return rowsFrom === 'x-row-count' ? whole : { ...whole, accept: typesOf[rowsFrom] }
}

/**
 * A body in a form that is not offered leaves `body` or `form` out, and what looks there is unknown. One that names
 * things and is too large to be looked at leaves out the query too: some readers would take its names for those.
 */
function viewOf({ message, query, form }: Read, sealed: HttpParameters, matched: Matched | undefined): View {
  const { one, all } = valuesOf(query)
  const fields = form && valuesOf(form)
  const json = message.body ? (jsonIn(sealed.body) ?? message.body.json) : null
  return {
    params: matched?.params ?? {},
    ...(!hidesNames(message) && { query: one, queries: all }),
    headers: sealed.headers,
    ...(json !== undefined && { body: offered(json) }),
    ...(fields && { form: fields.one, forms: fields.all }),
  }
}

/** A form that is too large to be looked at may name another method (`_method`), for those who take it from there. */
const hidesMethod = ({ headers, body }: Message): boolean =>
  body !== undefined && 'spooled' in body && /form/i.test(headers('content-type') ?? 'form')

const hidesNames = ({ headers, body }: Message): boolean =>
  body !== undefined && 'spooled' in body && /json|form/i.test(headers('content-type') ?? 'form')

function purposeIn(headers: Headers, textHeader = 'countersign-purpose'): Purpose | undefined {
  const [text, workItem, link] = [textHeader, 'countersign-work-item', 'countersign-purpose-link'].map((name) =>
    decoded(headers(name)),
  )
  if (text === undefined && workItem === undefined && link === undefined) return undefined
  return purposeOf({ ...(text && { text }), ...(workItem && { workItem }), ...(link && { link }) })
}

/** A header holds ASCII only, so other letters come percent-encoded. */
function decoded(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  try {
    return decodeURIComponent(value)
  } catch {
    return value // not encoded: it is the text itself
  }
}
