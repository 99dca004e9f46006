/**
 * Who knocks, from where, and where a client may learn how to be let in.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { type Caller, CountersignError, type GatewayContext, isError, type Presented } from '@countersign/core'
import { json, type Said } from './wire.ts'

export const metadataPath = '/.well-known/oauth-protected-resource/mcp'

export type Identified =
  | { readonly kind: 'known'; readonly caller: Caller }
  /**
   * An agent that is stopped, or an instance that cannot look now: told in band, for a 403 or 503 ends an agent's run.
   */
  | { readonly kind: 'closed'; readonly status: number; readonly says: string }
  | { readonly kind: 'refused'; readonly said: Said }

export async function identify(
  request: IncomingMessage,
  services: GatewayContext,
  server: string,
): Promise<Identified> {
  const presented = presentedIn(request)
  if (!presented) return { kind: 'refused', said: unknownAgent(services, server) }
  try {
    return {
      kind: 'known',
      caller: await services.identify(presented, {
        resource: addressOf(services, server),
        source: request.socket.remoteAddress,
      }),
    }
  } catch (error) {
    if (isError(error, 'ERR_AGENT_UNKNOWN')) return { kind: 'refused', said: unknownAgent(services, server) }
    if (isError(error, 'ERR_CREDENTIAL_KIND'))
      return { kind: 'refused', said: unknownAgent(services, server, error.message) }
    if (isError(error, 'ERR_AGENT_STOPPED')) return closed(403, `${error.message} Nothing was run.`)
    services.log({ level: 'error', says: 'An agent could not be identified.', server })
    const { message } = isError(error, 'ERR_STORE_UNAVAILABLE') ? error : new CountersignError('ERR_INTERNAL')
    return closed(503, message)
  }
}

function presentedIn({ headers: { authorization = '', dpop } }: IncomingMessage): Presented | undefined {
  const [, scheme = '', token = ''] = /^(Bearer|DPoP) ([\x21-\x7e]{1,4096})$/i.exec(authorization) ?? []
  if (scheme === '') return undefined
  if (scheme.toLowerCase() === 'bearer') return { kind: 'bearer', token }
  return { kind: 'dpop', token, proof: typeof dpop === 'string' ? dpop : '' }
}

/** An agent that was stopped, or a key that opens nothing any more. That nobody can look now says nothing. */
export const isOver = (known: Identified): boolean =>
  known.kind === 'refused' || (known.kind === 'closed' && known.status === 403)

const addressOf = ({ publicUrl }: Pick<GatewayContext, 'publicUrl'>, server: string) => `${publicUrl}/mcp/${server}`

const closed = (status: number, says: string): Identified => ({ kind: 'closed', status, says })

/**
 * Whether a page of another site sent this (DNS rebinding; a MUST of
 * https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning).
 */
export function fromElsewhere({ headers: { origin } }: IncomingMessage, publicUrl: string): boolean {
  if (origin === undefined) return false
  if (!URL.canParse(origin)) return true
  const { hostname } = new URL(origin)
  return origin !== new URL(publicUrl).origin && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}

/** https://www.rfc-editor.org/rfc/rfc9728#section-3 */
export const resourceMetadata = (publicUrl: string, server: string): Said =>
  json({
    resource: addressOf({ publicUrl }, server),
    resource_name: `Countersign: ${server}`,
    bearer_methods_supported: ['header'],
  })

/** `why`: of a kind of credential that proves nobody here (https://www.rfc-editor.org/rfc/rfc6750#section-3.1). */
function unknownAgent({ publicUrl }: GatewayContext, server: string, why?: string): Said {
  const where = `${publicUrl}${metadataPath}/${server}`
  return json({ error: 'invalid_token', ...(why !== undefined && { error_description: why }) }, 401, {
    'www-authenticate': `Bearer resource_metadata="${where}"`,
  })
}
