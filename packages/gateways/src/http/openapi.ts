/**
 * Routes out of an OpenAPI document (https://spec.openapis.org/oas/v3.1.0): every operation it describes has a name for
 * policy and people. What an operation does with data it cannot say; `x-countersign` on the operation does, in the words
 * of a route.
 *
 * @module
 */
import { CountersignError, parseJson } from '@countersign/core'
import { z } from 'zod'
import { Method, RouteConfig } from './config.ts'

const Operation = z.object({
  operationId: z.string().min(1).max(200).optional(),
  summary: z.string().min(1).max(500).optional(),
  'x-countersign': z.record(z.string(), z.unknown()).optional(),
})

const Document = z.object({
  openapi: z.string().regex(/^3\.[01]\./, 'is not OpenAPI 3.0 or 3.1'),
  servers: z.array(z.object({ url: z.string() })).optional(),
  paths: z.record(z.string().startsWith('/'), z.record(z.string(), z.unknown())),
})

const mostBytes = 4 << 20

/** `document` is the document, or its JSON as text. @throws ERR_CONFIG_INVALID, ERR_INPUT_INVALID, ERR_INPUT_TOO_LARGE */
export function routesOfOpenApi(document: unknown): Record<string, RouteConfig> {
  const parsed = Document.safeParse(typeof document === 'string' ? parseJson(document, { bytes: mostBytes }) : document)
  if (!parsed.success) throw invalid('', z.prettifyError(parsed.error))
  const { servers, paths } = parsed.data
  const base = new URL(servers?.[0]?.url ?? '/', 'http://upstream.invalid').pathname.replace(/\/$/, '')

  const routes = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([key, operation]) => {
      const method = Method.safeParse(key.toUpperCase())
      if (!method.success || key !== key.toLowerCase()) return [] // `parameters`, `summary`, a method nobody serves
      const pattern = `${method.data} ${base}${path.replaceAll(/\{([^}]*)\}/g, (_, name: string) => `{${word(name)}}`)}`
      return [[pattern, routeOf(pattern, operation)] as const]
    }),
  )
  return Object.fromEntries(routes)
}

function routeOf(pattern: string, operation: unknown): RouteConfig {
  const { operationId: name = pattern, summary, 'x-countersign': said = {} } = Operation.parse(operation)
  const route = RouteConfig.safeParse({
    verb: 'http.call',
    operation: name,
    resources: [{ kind: 'route', name }],
    ...(summary !== undefined && { sentence: summary }),
    ...said,
  })
  if (route.success) return route.data
  throw invalid(pattern, z.prettifyError(route.error))
}

/** A parameter's name in CEL: `order-id` is `order_id`. */
const word = (name: string) => name.replaceAll(/\W/g, '_').replace(/^(?=\d|$)/, '_')

const invalid = (route: string, says: string) => new CountersignError('ERR_CONFIG_INVALID', { openapi: route, says })
