/**
 * What verifying takes, as a browser has it.
 *
 * @module
 */
import type { LedgerParts, LedgerSource } from '@countersign/core/verify'
import { sha256 } from './sha256.ts'

export const browserParts: LedgerParts = {
  hash: sha256,
  /** Ed25519: https://www.w3.org/TR/webcrypto-2/#ed25519. Throws where a browser has none: that is no finding. */
  async verifySignature(publicKey, bytes, signature) {
    const key = await crypto.subtle.importKey('raw', own(publicKey), 'Ed25519', false, ['verify'])
    return crypto.subtle.verify('Ed25519', key, own(signature), own(bytes))
  },
}

/** Reads `/ledger/…` of a house. */
export function houseSource(origin: string, fetching: (url: string) => Promise<Response> = fetch): LedgerSource {
  return {
    async read(path) {
      const response = await fetching(`${origin}/ledger/${path}`)
      if (response.status === 404) return undefined
      if (!response.ok) throw new Error(`The house answered ${response.status} for ${path}.`)
      return new Uint8Array(await response.arrayBuffer())
    },
  }
}

/** WebCrypto takes no view on shared memory; a copy is none. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)
