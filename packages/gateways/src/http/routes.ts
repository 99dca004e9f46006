/**
 * The operators' map from methods and paths to what they mean.
 *
 * @module
 */
import type { Finding } from '@countersign/core'
import { createRuleCompiler, type Rule } from '../meaning/rule.ts'
import { offer, type RouteConfig } from './config.ts'
import { match, parsePattern, type Pattern } from './pattern.ts'

export interface Route {
  readonly pattern: string
  readonly config: RouteConfig
  readonly rule: Rule
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
  const compile = createRuleCompiler(offer)
  const complaints: Complaint[] = []
  const known = new Map<string, Pattern & { readonly route: Route }>()
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
