/** The gateways there are. */
import { CountersignError, type Gateway } from '@countersign/core'
import { http, mcp } from '@countersign/gateways'

export const gateways = [http, mcp] as const satisfies readonly Gateway[]

/** @throws ERR_CONFIG_INVALID for a name that none of them has */
export function gatewayOf(name: string): Gateway {
  const found = gateways.find((gateway) => gateway.name === name)
  if (!found) throw new CountersignError('ERR_CONFIG_INVALID', { gateway: name })
  return found
}
