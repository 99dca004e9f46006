import type { Config } from './config.ts'

/** Without a provider nobody can sign in, which is what a deployment that nobody configured should be like. */
export function identityOf({ identity }: Config) {
  if (!identity) return { issuer: 'http://localhost:9/no-identity-provider', clientId: 'countersign' }
  const { issuer, clientId, clientSecret, groupsClaim, scopes } = identity
  return { issuer, clientId, groupsClaim, scopes, ...(clientSecret !== undefined && { clientSecret }) }
}
