import { hash } from 'node:crypto'

const blockBytes = 64
const macBytes = 32
/** Texts of up to so many characters are written where they are hashed; of longer ones the copy costs nothing. */
const shortest = 2_048

export interface Mac {
  bytes(text: string): Buffer
  hex(text: string): string
}

/** The padded key and what is hashed with it, one after the other: nothing here waits, so that one of each is enough. */
const inside = Buffer.allocUnsafe(blockBytes + 3 * shortest)
const outside = Buffer.allocUnsafe(blockBytes + macBytes)

/**
 * HMAC-SHA-256 (RFC 2104) under one key of at most 64 bytes. Two one-shot hashes cost half of an `Hmac` object, which
 * counts where every entry has several.
 */
export function createHmacSha256(key: Uint8Array): Mac {
  const inner = Buffer.allocUnsafe(blockBytes).fill(0x36)
  const outer = Buffer.allocUnsafe(blockBytes).fill(0x5c)
  for (let at = 0; at < key.length; at += 1) {
    inner[at]! ^= key[at]!
    outer[at]! ^= key[at]!
  }

  function withOuter(text: string): Buffer {
    outer.copy(outside)
    outside.write(hash('sha256', withInner(text), 'binary'), blockBytes, 'latin1')
    return outside
  }
  function withInner(text: string): Buffer {
    if (text.length > shortest) return Buffer.concat([inner, Buffer.from(text, 'utf8')])
    inner.copy(inside)
    return inside.subarray(0, blockBytes + inside.write(text, blockBytes, 'utf8'))
  }

  return {
    bytes: (text) => Buffer.from(hash('sha256', withOuter(text), 'binary'), 'latin1'),
    hex: (text) => hash('sha256', withOuter(text), 'hex'),
  }
}
