/**
 * Routes out of an OpenAPI document (https://spec.openapis.org/oas/v3.1.0): every operation it describes has a name for
 * policy and people. What an operation does with data it cannot say; `x-countersign` on the operation does, in the
 * words of a route. Such documents are written by many hands, so one bad item costs that item: it is left out, and
 * named.
 *
 * @module
 */
import type { Finding } from '@countersign/core'
import type { z } from 'zod'
import { Method, RouteConfig } from './config.ts'
import { basesOf } from './openapi-servers.ts'
import { type Fields, isFields, type OpenApiText, readDocument } from './openapi-text.ts'
import { parsePattern } from './pattern.ts'

export interface OpenApiRoutes {
  readonly routes: Readonly<Record<string, RouteConfig>>
  readonly findings: readonly Finding[]
  /** Where the routes stand in the document, by pattern: `['paths', '/orders', 'get']`. */
  readonly sources: ReadonlyMap<string, readonly string[]>
  /** In the document's text, where there is one. */
  position(path: readonly string[]): Finding['at']
}

/** `document` is one, or its text as JSON or YAML, at most 32 MiB. */
export function routesOfOpenApi(document: unknown): OpenApiRoutes {
  const read = readDocument(document)
  if ('says' in read) {
    const findings: Finding[] = [{ level: 'problem', path: [], ...read }]
    return { routes: {}, sources: new Map(), findings, position: () => undefined }
  }
  const findings: Finding[] = []
  const operations = operationsOf(read, findings)
  const ids = countsOf(operations)

  const routes = new Map<string, { readonly pattern: string; readonly config: RouteConfig; readonly path: string[] }>()
  const doubtful = new Set<string>()
  for (const { pattern, path, operation, id } of operations) {
    const parsed = parsePattern(pattern)
    if (typeof parsed === 'string') {
      findings.push(leftOut(path, parsed))
      continue
    }
    const twin = routes.get(parsed.rank)
    if (twin) {
      doubtful.add(parsed.rank)
      findings.push(leftOut(path, `${twin.path.slice(1, 2).join('')} means the same paths, so neither is mapped`))
      continue
    }
    if (id !== undefined && (ids.get(id) ?? 0) > 1) {
      findings.push(warning(path, `The operationId ${id} is not the only one, so it goes by ${pattern}.`))
    }
    const route = routeOf(operation, id !== undefined && ids.get(id) === 1 ? id : pattern)
    if (route.success) routes.set(parsed.rank, { pattern, config: route.data, path })
    else findings.push(...route.error.issues.map((issue) => saidWrong([...path, ...said(issue)], issue.message)))
  }
  for (const rank of doubtful) routes.delete(rank)

  return {
    routes: Object.fromEntries([...routes.values()].map(({ pattern, config }) => [pattern, config])),
    sources: new Map([...routes.values()].map(({ pattern, path }) => [pattern, path])),
    findings: positioned(findings, read),
    position: read.position,
  }
}

interface Operation {
  readonly pattern: string
  readonly path: string[]
  readonly id: string | undefined
  readonly operation: Readonly<Record<string, unknown>>
}

function operationsOf({ value: document, twice }: OpenApiText, findings: Finding[]): Operation[] {
  const { paths, servers } = document
  const double = new Set(twice.map((path) => path.join('\u0000')))
  const isTwice = (path: readonly string[]) => {
    const found = double.has(path.join('\u0000'))
    if (found) findings.push(leftOut(path, 'it stands there twice'))
    return found
  }
  for (const [key = ''] of twice.filter(({ length }) => length === 1)) {
    findings.push({ level: 'problem', path: [key], says: 'This key stands there twice.' })
  }
  if (!isFields(paths)) {
    findings.push(warning(['paths'], 'There are no paths, so nothing comes of this document.'))
    return []
  }
  const bases = basesOf(servers, ['servers'], findings) ?? ['']
  return Object.entries(paths).flatMap(([path, written]) => {
    if (path.startsWith('x-')) return []
    const at = ['paths', path]
    if (isTwice(at)) return []
    const wrong = wrongPath(path)
    if (wrong !== undefined) {
      findings.push(leftOut(at, wrong))
      return []
    }
    const item = resolved(written, document)
    if (typeof item === 'string') {
      findings.push(leftOut(at, item))
      return []
    }
    const below = basesOf(item['servers'], [...at, 'servers'], findings) ?? bases
    return Object.entries(item).flatMap(([key, operation]): Operation[] => {
      const method = Method.safeParse(key.toUpperCase())
      if (!method.success || key !== key.toLowerCase()) return [] // `parameters`, `summary`, a method nobody serves
      const here = [...at, key]
      if (isTwice(here)) return []
      if (!isFields(operation)) {
        findings.push(leftOut(here, 'this is no operation'))
        return []
      }
      const { operationId: id } = operation
      const own = basesOf(operation['servers'], [...here, 'servers'], findings) ?? below
      return own.map((base) => ({
        pattern: `${method.data} ${base}${path.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => `{${word(name)}}`)}`,
        path: here,
        id: typeof id === 'string' && id !== '' && id.length <= 200 ? id : undefined,
        operation,
      }))
    })
  })
}

/** How many operations have an id. One operation at several bases is one. */
function countsOf(operations: readonly Operation[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const [index, { id, operation }] of operations.entries()) {
    if (id !== undefined && operations[index - 1]?.operation !== operation) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

function wrongPath(path: string): string | undefined {
  if (!path.startsWith('/')) return 'a path begins with a slash'
  if (/[?#]/.test(path)) return 'a path has no query and no fragment'
  return undefined
}

/** References followed one after another from a path item; a chain that is longer is refused as a circle. */
const mostSteps = 10

/** Follows `$ref` inside the document; what is written beside it goes before what it leads to. */
function resolved(item: unknown, document: Fields): Fields | string {
  let found = item
  let beside: Fields = {}
  for (let step = 0; step < mostSteps; step += 1) {
    if (!isFields(found)) return 'this is no path item'
    const { $ref: to, ...own } = found
    beside = { ...own, ...beside }
    if (to === undefined) return beside
    if (typeof to !== 'string' || !to.startsWith('#/')) return `its $ref leads out of the document`
    found = to
      .slice(2)
      .split('/')
      .map((part) => pointed(part).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((at, key) => (isFields(at) && Object.hasOwn(at, key) ? at[key] : undefined), document)
    if (found === undefined) return `its $ref ${to} leads nowhere`
  }
  return 'its $ref goes in a circle'
}

/** A pointer in a URI fragment is percent-encoded (RFC 6901 §6). */
function pointed(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Characters of a summary that people are shown, and of a route's name; the rest is cut. */
const longestSentence = 500

function routeOf({ summary, 'x-countersign': own = {} }: Fields, name: string) {
  const sentence = typeof summary === 'string' ? summary.trim().slice(0, longestSentence) : ''
  return RouteConfig.safeParse({
    verb: 'http.call',
    operation: name,
    resources: [{ kind: 'route', name: name.slice(0, longestSentence) }],
    ...(sentence !== '' && { sentence }),
    ...(isFields(own) ? own : { 'x-countersign': own }),
  })
}

/** Everything of a route that the document does not give comes from `x-countersign`. */
const said = ({ path, ...issue }: z.core.$ZodIssue): string[] => [
  'x-countersign',
  ...path.map(String),
  ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []),
]

/** A parameter's name in CEL: `order-id` is `order_id`. */
const word = (name: string) => name.replaceAll(/\W/g, '_').replace(/^(?=\d|$)/, '_')

const warning = (path: readonly string[], says: string): Finding => ({ level: 'warning', path, says })

const leftOut = (path: readonly string[], because: string): Finding =>
  warning(path, `Left out, so it counts as a path that nobody mapped: ${because.replace(/\.$/, '')}.`)

/** An operator's own words are not let go by: a mistyped one would leave a route that means something else. */
const saidWrong = (path: readonly string[], says: string): Finding => ({ level: 'problem', path, says })

function positioned(findings: readonly Finding[], { position }: OpenApiText): Finding[] {
  return findings.map((finding) => {
    const at = position(finding.path.map(String))
    return at ? { ...finding, at } : finding
  })
}
