import { hash } from 'node:crypto'

const blockBytes = 64

/**
 * HMAC-SHA-256 (RFC 2104) under one key of at most 64 bytes. Two one-shot hashes cost half of an `Hmac` object, which
 * counts where every entry has several.
 */
export function createHmacSha256(key: Uint8Array): (text: string | Uint8Array) => Buffer {
  const inner = Buffer.allocUnsafe(blockBytes).fill(0x36)
  const outer = Buffer.allocUnsafe(blockBytes).fill(0x5c)
  for (const [at, byte] of key.entries()) {
    inner[at] = byte ^ 0x36
    outer[at] = byte ^ 0x5c
  }
  return (text) => {
    const message = typeof text === 'string' ? Buffer.from(text, 'utf8') : text
    return sha256(Buffer.concat([outer, sha256(Buffer.concat([inner, message]))]))
  }
}

const sha256 = (bytes: Buffer): Buffer => Buffer.from(hash('sha256', bytes, 'binary'), 'latin1')
