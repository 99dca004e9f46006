import type { Finding } from '@countersign/core'
import { z } from 'zod'

const Server = z.object({
  url: z.string(),
  variables: z
    .record(z.string(), z.object({ default: z.string().optional(), enum: z.array(z.string()).optional() }))
    .optional(),
})

/** Servers that a document may name: each multiplies its routes. One that names more is not read to the end. */
const most = 20

/**
 * The paths below which the operations lie: of every server, with every value that its variables may have. Undefined where
 * the document names no server, or none that can be read.
 */
export function basesOf(servers: unknown, path: readonly string[], findings: Finding[]): string[] | undefined {
  if (servers === undefined || (Array.isArray(servers) && servers.length === 0)) return undefined
  const list = Array.isArray(servers) ? servers : [servers]
  const bases = list.flatMap((server, index) => {
    const parsed = Server.safeParse(server)
    const found = parsed.success ? basesIn(parsed.data) : 'This is no server: it has no url.'
    if (typeof found !== 'string') return found
    findings.push({ level: 'warning', path: [...path, String(index)], says: found })
    return []
  })
  const distinct = [...new Set(bases)]
  if (distinct.length > most) {
    findings.push({
      level: 'warning',
      path,
      says: `Only the first ${most} of ${distinct.length} base paths are served.`,
    })
  }
  return distinct.length > 0 ? distinct.slice(0, most) : undefined
}

function basesIn({ url, variables = {} }: z.infer<typeof Server>): string[] | string {
  // Only the path matters: where requests go is the upstream's own `origin`.
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  let paths = [path]
  for (const [, name = ''] of path.matchAll(/\{([^{}]*)\}/g)) {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined
    const values = [
      ...new Set([...(variable?.default === undefined ? [] : [variable.default]), ...(variable?.enum ?? [])]),
    ]
    if (values.length === 0) return `Its variable {${name}} has no value, so this server is not served.`
    paths = paths
      .flatMap((one) => values.slice(0, most).map((value) => one.replaceAll(`{${name}}`, value)))
      .slice(0, most + 1)
  }
  const wrong = paths.find((one) => /[{}*]/.test(one))
  return wrong === undefined ? paths.map(plain) : `${url} cannot be read.`
}

/** `v2/`, `/v2`, `./v2` and `/v2/` are one. */
function plain(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  return segments.map((segment) => `/${segment}`).join('')
}
