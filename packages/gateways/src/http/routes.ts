/**
 * The operators' map from methods and paths to what they mean.
 *
 * @module
 */
import type { Finding } from '@countersign/core'
import { ambiguous, shown } from '../meaning/reading.ts'
import { createRuleCompiler, type Rule } from '../meaning/rule.ts'
import { offer, type RouteConfig } from './config.ts'
import { loosened, looseSegments, match, parsePattern, type Pattern } from './pattern.ts'
import type { Head } from './wire.ts'

export interface Route {
  readonly pattern: string
  readonly config: RouteConfig
  readonly rule: Rule
}

export interface Matched {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

export interface Routes {
  (method: string, segments: readonly string[]): Matched | undefined
  /**
   * The route that a reader would find who takes letters of another case for the same, drops dots and spaces at the end of a
   * name, or takes what follows a last dot for a form (`/orders.json`); undefined if that is the very one that matched.
   */
  other(method: string, segments: readonly string[]): Route | undefined
  readonly all: readonly Route[]
}

/** What is wrong with one route, below it: `['sentence']`. */
export type Complaint = Pick<Finding, 'path' | 'says'> & { readonly pattern: string }

export interface CompiledRoutes {
  readonly routes: Routes
  /** Expressions that do not compile, bad patterns, two routes for one path. Such a route is not among `routes`. */
  readonly complaints: readonly Complaint[]
}

/** Of routes for the same paths the one of the later layer goes before the others; in one layer there may be one. */
export function compileRoutes(...layers: readonly Readonly<Record<string, RouteConfig>>[]): CompiledRoutes {
  const compile = createRuleCompiler(offer)
  const complaints: Complaint[] = []
  const known = new Map<string, Known>()
  for (const layer of layers) {
    const own = new Map<string, string>()
    for (const [pattern, config] of Object.entries(layer)) {
      const complain = (path: Finding['path'], says: string) => void complaints.push({ pattern, path, says })
      const parsed = parsePattern(pattern)
      const route = { pattern, config, rule: compile(config, complain) }
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

/** @throws ERR_INPUT_INVALID for a path that is another route's to some readers */
export function mustBeOnePath(routes: Routes, { method, target }: Pick<Head, 'method' | 'target'>): void {
  const other = routes.other(method, target.segments)
  if (other) throw ambiguous(`the path is that of ${shown(other.pattern)} to some readers`)
}

function routesAmong(patterns: readonly Known[]): Routes {
  const exact = firstAmong(patterns)
  const loose = firstAmong(patterns.map((pattern) => ({ ...loosened(pattern), route: pattern.route })))
  const literal = new Set(
    patterns.filter(({ segments }) => segments.every(({ kind }) => kind === 'literal')).map(({ route }) => route),
  )
  return Object.assign((method: string, segments: readonly string[]) => exact(method, segments), {
    all: patterns.map(({ route }) => route),
    other(method: string, segments: readonly string[]): Route | undefined {
      const met = exact(method, segments)?.route
      if (met && literal.has(met)) return undefined
      for (const path of looseSegments(segments)) {
        const found = loose(method, path)?.route
        if (found && found !== met) return found
      }
      return undefined
    },
  })
}

type Known = Pattern & { readonly route: Route }

/** One slash at the end of a path makes no difference here; what is sent keeps it. */
function firstAmong(patterns: readonly Known[]): (method: string, segments: readonly string[]) => Matched | undefined {
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
