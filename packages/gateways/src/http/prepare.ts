/**
 * Everything that the gateway makes of its configuration before it listens: `check` and `start` both do it.
 *
 * @module
 */
import type { Around, Finding } from '@countersign/core'
import { foreseeOrigin } from '@countersign/egress'
import { foreseeFolder } from '../folder.ts'
import { type HttpConfig, presetRoutes, type UpstreamConfig } from './config.ts'
import { routesOfOpenApi } from './openapi.ts'
import { compileRoutes, type Routes } from './routes.ts'

export interface PreparedUpstream {
  readonly upstream: UpstreamConfig
  readonly routes: Routes
}

export interface Prepared {
  readonly ready: ReadonlyMap<string, PreparedUpstream>
  readonly findings: readonly Finding[]
}

export function prepareUpstreams({ upstreams }: HttpConfig): Prepared {
  const prepared = Object.entries(upstreams).map(([name, upstream]) => {
    const { routes, findings } = routesOf(upstream)
    const found = findings.map((finding): Finding => ({ ...finding, path: ['upstreams', name, ...finding.path] }))
    return { name, ready: { upstream, routes }, found }
  })
  return {
    ready: new Map(prepared.map(({ name, ready }) => [name, ready])),
    findings: prepared.flatMap(({ found }) => found),
  }
}

/** What the operator says of a path goes before what a document or a preset says. */
function routesOf({ preset, openapi, routes: own }: UpstreamConfig): { routes: Routes; findings: Finding[] } {
  const document = openapi === undefined ? undefined : routesOfOpenApi(openapi)
  const { routes, complaints } = compileRoutes(preset ? presetRoutes[preset] : {}, document?.routes ?? {}, own)
  const findings = complaints.map(({ pattern, path, says }): Finding => {
    if (Object.hasOwn(own, pattern)) return { level: 'problem', path: ['routes', pattern, ...path], says }
    const source = document?.sources.get(pattern)
    if (!source) return { level: 'problem', path: ['preset'], says: `${pattern}: ${says}` }
    const at = document?.position(source)
    return { level: 'problem', path: ['openapi', ...source, 'x-countersign', ...path], says, ...(at && { at }) }
  })
  const below = (document?.findings ?? []).map((finding): Finding => ({
    ...finding,
    path: ['openapi', ...finding.path],
  }))
  return { routes, findings: [...below, ...findings] }
}

export async function foreseeHttp(config: HttpConfig, around: Around): Promise<Finding[]> {
  const [spool, upstreams] = await Promise.all([foreseeSpool(config), foreseeUpstreams(config, around)])
  return [...spool, ...upstreams]
}

async function foreseeSpool({ spoolFolder }: HttpConfig): Promise<Finding[]> {
  const trouble = spoolFolder === undefined ? undefined : await foreseeFolder(spoolFolder)
  if (trouble === undefined) return []
  return [{ level: 'warning', path: ['spoolFolder'], says: `Bodies past 1 MiB cannot be taken: ${trouble}.` }]
}

async function foreseeUpstreams({ upstreams }: HttpConfig, around: Around): Promise<Finding[]> {
  const found = await Promise.all(
    Object.entries(upstreams).map(async ([name, upstream]) => {
      const says = await foreseeOrigin(new URL(upstream.origin), upstream.private, around)
      return says.map((each): Finding => ({ level: 'warning', path: ['upstreams', name, 'origin'], says: each }))
    }),
  )
  return found.flat()
}
