import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import type { JWK } from 'oidc-provider'
import { z } from 'zod'

const Kept = z.object({
  jwks: z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) }),
  cookies: z.array(z.string().min(1)).min(1),
})

/** What the provider signs with: ID tokens, and its cookies. */
export interface ProviderKeys {
  readonly jwks: { readonly keys: readonly JWK[] }
  readonly cookies: readonly string[]
}

/**
 * The keys in this file, made at the first start; without a file, keys for this process alone. What was signed before a
 * restart stays verifiable with the same keys.
 */
export async function providerKeys(file: string | undefined): Promise<ProviderKeys> {
  if (file === undefined) return newKeys()
  const kept = await readProviderKeys(file)
  if (kept !== undefined) return kept
  // Written whole under another name and linked into place, so that of two starters one wins and both read the same.
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, JSON.stringify(newKeys()), { mode: 0o600, flag: 'wx' })
  try {
    await link(draft, file).catch(unlessExists)
  } finally {
    await rm(draft)
  }
  return (await readProviderKeys(file)) ?? newKeys()
}

function newKeys(): ProviderKeys {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), alg: 'ES256', use: 'sig' }
  return { jwks: { keys: [key] }, cookies: [randomBytes(32).toString('base64url')] }
}

/** Undefined if it is not there. @throws what reading and parsing it throw */
export async function readProviderKeys(file: string): Promise<ProviderKeys | undefined> {
  try {
    return Kept.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

const hasCode = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code
const isMissing = (error: unknown) => hasCode(error, 'ENOENT')
function unlessExists(error: unknown): void {
  if (!hasCode(error, 'EEXIST')) throw error
}
