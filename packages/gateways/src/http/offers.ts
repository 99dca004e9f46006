/**
 * What agents may ask for here: by each route, and by none.
 *
 * @module
 */
import type { Offered } from '@countersign/core'
import { outright } from '../meaning/offers.ts'
import { enforces } from './ceilings.ts'
import type { HttpConfig, UpstreamConfig } from './config.ts'
import { hintOf } from './describe.ts'
import type { Prepared } from './prepare.ts'
import type { Route } from './routes.ts'
import { isSafe } from './wire.ts'

export const offersOf = (_: HttpConfig, upstreams: Prepared['ready']): Offered[] =>
  [...upstreams].flatMap(([name, { upstream, routes }]) => [
    ...routes.all.flatMap((route) => byRoute(name, upstream, route)),
    ...upstream.methods.map((method) => byNone(name, upstream, method)),
  ])

const about = ({ environment }: UpstreamConfig) => ({ gateway: 'http', mode: 'enforcing', environment }) as const

function byRoute(name: string, upstream: UpstreamConfig, { pattern, config }: Route): Offered[] {
  const [method = ''] = pattern.split(' ')
  const told = outright(config, { verb: 'http.call', resource: undefined, hint: hintOf(method) })
  if (!told) return []
  // Which number a message asks for is not known, so it may be one that a duty allows.
  const rows = typeof config.rows === 'object' ? 0 : config.rows
  return [
    {
      ...about(upstream),
      ...told,
      path: pathOf(name, upstream, pattern),
      name: pattern,
      operation: config.operation ?? `${name}: ${pattern}`,
      enforces: (duty) => enforces(duty, config, rows),
    },
  ]
}

function pathOf(name: string, { routes, openapi }: UpstreamConfig, pattern: string): Offered['path'] {
  const here = ['upstreams', name]
  if (Object.hasOwn(routes, pattern)) return [...here, 'routes', pattern]
  return [...here, openapi === undefined ? 'preset' : 'openapi']
}

const byNone = (name: string, upstream: UpstreamConfig, method: string): Offered => ({
  ...about(upstream),
  verb: 'http.call',
  resource: { kind: 'unknown', name: `${method} ${name}` },
  changes: !isSafe(method),
  path: ['upstreams', name],
  name: `${method} where no route is`,
  operation: `${method} ${name}`,
  enforces: (duty) => enforces(duty, {}, undefined),
})
