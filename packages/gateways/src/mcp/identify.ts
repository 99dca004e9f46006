/**
 * Who knocks, from where, and where a client may learn how to be let in.
 *
 * @module
 */
import { type Caller, type Hall, isError } from '@countersign/core'
import { json } from './wire.ts'

export const metadataPath = '/.well-known/oauth-protected-resource/mcp'

export type Identified =
  | { readonly kind: 'known'; readonly caller: Caller }
  /** It proved who it is, and that agent is stopped: it is told so in band. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'refused'; readonly response: Response }

export async function identify(request: Request, hall: Hall, server: string): Promise<Identified> {
  const [, key] = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(request.headers.get('authorization') ?? '') ?? []
  if (key === undefined) return { kind: 'refused', response: unknownAgent(hall, server) }
  try {
    return { kind: 'known', caller: await hall.identify(key) }
  } catch (error) {
    if (isError(error, 'ERR_AGENT_UNKNOWN')) return { kind: 'refused', response: unknownAgent(hall, server) }
    if (isError(error, 'ERR_AGENT_STOPPED')) return { kind: 'stopped' }
    hall.log({ level: 'error', says: 'An agent could not be identified.', server })
    return { kind: 'refused', response: json({ error: 'unavailable' }, 503) }
  }
}

/**
 * Whether a page of another site sent this (DNS rebinding; a MUST of
 * https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning).
 */
export function fromElsewhere(request: Request, publicUrl: string): boolean {
  const origin = request.headers.get('origin')
  if (origin === null) return false
  if (!URL.canParse(origin)) return true
  const { hostname } = new URL(origin)
  return origin !== new URL(publicUrl).origin && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}

/** https://www.rfc-editor.org/rfc/rfc9728#section-3 */
export const resourceMetadata = (publicUrl: string, server: string): Response =>
  json({
    resource: `${publicUrl}/mcp/${server}`,
    resource_name: `Countersign: ${server}`,
    bearer_methods_supported: ['header'],
  })

function unknownAgent({ publicUrl }: Hall, server: string): Response {
  const where = `${publicUrl}${metadataPath}/${server}`
  return json({ error: 'invalid_token' }, 401, { 'www-authenticate': `Bearer resource_metadata="${where}"` })
}
