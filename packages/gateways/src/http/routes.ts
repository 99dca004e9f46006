/**
 * The operators' map from methods and paths to what they mean.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import { Effect, Verb } from '@countersign/schema'
import { z } from 'zod'
import { compile, type View } from './cel.ts'
import type { RouteConfig, SaidData } from './config.ts'

type Told<Type> = (view: View) => Type | undefined

export interface Route {
  readonly pattern: string
  readonly config: RouteConfig
  readonly verb: Told<Verb>
  readonly effect: Told<Effect>
  readonly sentence: Told<string>
  readonly resources: readonly {
    readonly kind: RouteConfig['resources'][number]['kind']
    readonly name: Told<string>
  }[]
  readonly reads: readonly ToldData[] | undefined
  readonly writes: readonly ToldData[] | undefined
  readonly destination: Told<string>
  readonly model: Told<string>
  readonly rows: Told<number>
  readonly bytes: Told<number>
}

export interface ToldData {
  readonly name: Told<string>
  readonly columns: Told<readonly string[]>
}

export interface Matched {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

export type Routes = (method: string, segments: readonly string[]) => Matched | undefined

/** @throws ERR_CONFIG_INVALID for an expression that does not compile, a bad pattern, or two routes for the same path */
export function compileRoutes(routes: Readonly<Record<string, RouteConfig>>): Routes {
  const known = Object.entries(routes)
    .map(([pattern, config]) => ({ ...parsePattern(pattern), route: compileRoute(pattern, config) }))
    .toSorted((one, other) => (one.rank < other.rank ? -1 : 1))
  const twice = known.find(({ rank }, index) => known[index + 1]?.rank === rank)
  if (twice)
    throw new CountersignError('ERR_CONFIG_INVALID', { route: twice.route.pattern, says: 'two routes for one path' })

  return (method, segments) => {
    for (const { method: wanted, parts, route } of known) {
      const params = method === wanted ? match(parts, segments) : undefined
      if (params) return { route, params }
    }
    return undefined
  }
}

type Part = { readonly kind: 'literal' | 'one' | 'rest'; readonly text: string }

/** Routes sort by `rank`: at the first difference a literal goes before a parameter, and that before the rest of the path. */
function parsePattern(pattern: string): { method: string; parts: readonly Part[]; rank: string } {
  const [method = '', path = ''] = pattern.split(' ')
  const parts = path.split('/').filter(Boolean).map(parsePart)
  if (parts.slice(0, -1).some(({ kind }) => kind === 'rest')) throw badPattern(pattern)
  if (parts.some(({ kind, text }) => kind === 'literal' && /[{}*]/.test(text))) throw badPattern(pattern)
  const ranks = { literal: (text: string) => `0${text}`, one: () => '1', rest: () => '2' }
  return { method, parts, rank: `${method} ${parts.map(({ kind, text }) => ranks[kind](text)).join('/')}` }
}

function parsePart(text: string): Part {
  const [, name, star] = /^\{([A-Za-z_]\w*)(\*)?\}$/.exec(text) ?? []
  if (name === undefined) return { kind: 'literal', text }
  return { kind: star ? 'rest' : 'one', text: name }
}

const badPattern = (route: string) => new CountersignError('ERR_CONFIG_INVALID', { route, says: 'not a pattern' })

/** One slash at the end makes no difference here; what is sent keeps it. */
function match(parts: readonly Part[], segments: readonly string[]): Record<string, string> | undefined {
  const path = segments.at(-1) === '' ? segments.slice(0, -1) : segments
  const open = parts.at(-1)?.kind === 'rest'
  if (open ? path.length < parts.length : path.length !== parts.length) return undefined

  const params: Record<string, string> = {}
  for (const [index, { kind, text }] of parts.entries()) {
    const segment = path[index] ?? ''
    if (kind === 'literal' && segment !== text) return undefined
    if (kind === 'one') params[text] = segment
    if (kind === 'rest') params[text] = path.slice(index).join('/')
  }
  return params
}

function compileRoute(pattern: string, config: RouteConfig): Route {
  return {
    pattern,
    config,
    verb: told(config.verb, Verb),
    effect: told(config.effect, Effect),
    sentence: told(config.sentence, z.string().min(1).max(500)),
    resources: config.resources.map(({ kind, name }) => ({ kind, name: told(name, z.string().min(1).max(500)) })),
    reads: config.reads?.map(toldData),
    writes: config.writes?.map(toldData),
    destination: told(config.destination, z.string().min(1)),
    model: told(config.model, z.string().min(1)),
    rows: told(config.rows, count),
    bytes: told(config.bytes, count),
  }
}

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)

const toldData = ({ name, columns }: SaidData): ToldData => ({
  name: told(name, z.string().min(1)),
  columns: told(columns, z.array(z.string()).max(500)),
})

function told<Type>(said: Type | { cel: string } | undefined, type: z.ZodType<Type>): Told<Type> {
  if (typeof said === 'object' && said !== null && 'cel' in said) return compile(said.cel, type)
  return () => said
}
