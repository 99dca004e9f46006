import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { browserParts, houseSource } from './parts.ts'

describe('what a browser verifies with (P11)', () => {
  it('checks an Ed25519 signature that another implementation made', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
    const bytes = new TextEncoder().encode('house\n1\nAAAA\n')
    const signature = new Uint8Array(sign(null, bytes, privateKey))
    expect(await browserParts.verifySignature(raw, bytes, signature)).toBe(true)
    bytes[0] = 0
    expect(await browserParts.verifySignature(raw, bytes, signature)).toBe(false)
  })

  it('tells a file that is not there from a house that does not answer', async () => {
    const source = houseSource(
      'http://house',
      async (url) => new Response('x', { status: url.endsWith('no') ? 404 : 503 }),
    )
    expect(await source.read('no')).toBeUndefined()
    await expect(source.read('checkpoint')).rejects.toThrow('503')
  })
})
