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

/** A check takes minutes, and a network may change meanwhile: what passes is tried again after so long. */
const pausesMs = [200, 1_000, 3_000, 10_000]

/** Reads `/ledger/…` of an instance. */
export function ledgerSource(
  origin: string,
  fetching: (url: string) => Promise<Response> = fetch,
  pause: (ms: number) => Promise<void> = (ms) => new Promise((over) => setTimeout(over, ms)),
): LedgerSource {
  return {
    async read(path) {
      for (const pauseMs of pausesMs) {
        const answer = await ask(path)
        if ('bytes' in answer) return answer.bytes
        if (!answer.passes) throw new Error(answer.says)
        await pause(pauseMs)
      }
      const last = await ask(path)
      if ('bytes' in last) return last.bytes
      throw new Error(last.says)
    },
  }

  async function ask(path: string): Promise<{ bytes: Uint8Array | undefined } | { says: string; passes: boolean }> {
    try {
      const response = await fetching(`${origin}/ledger/${path}`)
      const { ok, status } = response
      if (status === 404) return { bytes: undefined }
      if (!ok) return { says: `Countersign answered ${status} for ${path}.`, passes: status >= 500 || status === 429 }
      return { bytes: new Uint8Array(await response.arrayBuffer()) }
    } catch {
      return { says: `Countersign could not be reached for ${path}.`, passes: true }
    }
  }
}

/** WebCrypto takes no view on shared memory; a copy is none. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)
