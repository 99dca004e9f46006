/**
 * What a client keeps for us: encrypted (AES-256-GCM, NIST SP 800-38D), so that it can neither be read nor made up, and
 * any instance that has the deployment's key can open it.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

export interface TokenCipher {
  /** Text that may stand in a header or a query. */
  encrypt(value: object): string
  /** Undefined for what was not encrypted with this key. Not checked further. */
  decrypt(token: string): unknown
}

const nonceBytes = 12
const tagBytes = 16
/**
 * Characters of a session id, below what servers in between let pass in one header line; a longer one opens nothing.
 */
const longest = 3_000

/** `key`: 32 bytes, for this purpose alone. */
export function createTokenCipher(key: Uint8Array): TokenCipher {
  return {
    encrypt(value) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')
    },
    decrypt(token) {
      if (token.length > longest || !/^[\w-]+$/.test(token)) return undefined
      const bytes = Buffer.from(token, 'base64url')
      if (bytes.length <= nonceBytes + tagBytes) return undefined
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      try {
        const text = Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()])
        return JSON.parse(text.toString('utf8')) as unknown
      } catch {
        return undefined // encrypted by somebody else, or changed since
      }
    },
  }
}
