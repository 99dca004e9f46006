/**
 * The operators' map from methods and paths to what they mean.
 *
 * @module
 */
import { type CountersignError, type Finding, isError } from '@countersign/core'
import { Effect, Verb } from '@countersign/schema'
import { z } from 'zod'
import { compile, type View } from './cel.ts'
import type { RouteConfig, SaidData } from './config.ts'
import { match, parsePattern, type Pattern } from './pattern.ts'

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

/** What is wrong with one route, below it: `['sentence']`. */
export type Complaint = Pick<Finding, 'path' | 'says'> & { readonly pattern: string }

export interface CompiledRoutes {
  readonly routes: Routes
  /** Expressions that do not compile, bad patterns, two routes for one path. Such a route is not among `routes`. */
  readonly complaints: readonly Complaint[]
}

/** Of routes for the same paths the one of the later layer goes before the others; in one layer there may be one. */
export function compileRoutes(...layers: readonly Readonly<Record<string, RouteConfig>>[]): CompiledRoutes {
  const complaints: Complaint[] = []
  const known = new Map<string, Pattern & { readonly route: Route }>()
  for (const layer of layers) {
    const own = new Map<string, string>()
    for (const [pattern, config] of Object.entries(layer)) {
      const complain = (path: Finding['path'], says: string) => void complaints.push({ pattern, path, says })
      const parsed = parsePattern(pattern)
      const route = compileRoute(pattern, config, complain)
      if (typeof parsed === 'string') {
        complain([], parsed)
        continue
      }
      const twin = own.get(parsed.rank)
      if (twin !== undefined) complain([], `Two routes for one path: see ${twin}.`)
      own.set(parsed.rank, pattern)
      known.set(parsed.rank, { ...parsed, route })
    }
  }
  return { complaints, routes: routesAmong([...known.values()]) }
}

/** One slash at the end of a path makes no difference here; what is sent keeps it. */
function routesAmong(patterns: readonly (Pattern & { readonly route: Route })[]): Routes {
  const sorted = patterns.toSorted((one, other) => (one.rank < other.rank ? -1 : 1))
  const byMethod = new Map<string, (typeof sorted)[number][]>()
  for (const pattern of sorted) byMethod.set(pattern.method, [...(byMethod.get(pattern.method) ?? []), pattern])
  return (method, segments) => {
    const path = segments.at(-1) === '' ? segments.slice(0, -1) : segments
    for (const pattern of byMethod.get(method) ?? []) {
      const params = match(pattern, path)
      if (params === 'ambiguous') return undefined // nobody can say what it means, so it is not mapped
      if (params) return { route: pattern.route, params }
    }
    return undefined
  }
}

function compileRoute(
  pattern: string,
  config: RouteConfig,
  complain: (path: Finding['path'], says: string) => void,
): Route {
  /** What does not compile is complained of, and says nothing. */
  function told<Type>(
    path: Finding['path'],
    said: Type | { cel: string } | undefined,
    type: z.ZodType<Type>,
  ): Told<Type> {
    if (typeof said !== 'object' || said === null || !('cel' in said)) return () => said
    try {
      return compile(said.cel, type)
    } catch (error) {
      if (!isError(error, 'ERR_CONFIG_INVALID')) throw error
      complain([...path, 'cel'], saysOf(error))
      return () => undefined
    }
  }
  const toldData = (path: Finding['path'], { name, columns }: SaidData): ToldData => ({
    name: told([...path, 'name'], name, Name),
    columns: told([...path, 'columns'], columns, Columns),
  })
  return {
    pattern,
    config,
    verb: told(['verb'], config.verb, Verb),
    effect: told(['effect'], config.effect, Effect),
    sentence: told(['sentence'], config.sentence, Words),
    resources: config.resources.map(({ kind, name }, index) => ({
      kind,
      name: told(['resources', index, 'name'], name, Words),
    })),
    reads: config.reads?.map((data, index) => toldData(['reads', index], data)),
    writes: config.writes?.map((data, index) => toldData(['writes', index], data)),
    destination: told(['destination'], config.destination, Name),
    model: told(['model'], config.model, Name),
    rows: told(['rows'], config.rows, count),
    bytes: told(['bytes'], config.bytes, count),
  }
}

const Name = z.string().min(1)
const Words = Name.max(500)
const Columns = z.array(z.string()).max(500)
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)

/** What CEL says of an expression, in one line, or what we do. */
function saysOf({ detail, cause }: CountersignError): string {
  const { says } = detail as { readonly says?: string }
  const [first] = (cause instanceof Error ? cause.message : '').split('\n')
  return `This is not an expression that can be used: ${says ?? (first || 'it does not parse')}.`
}
