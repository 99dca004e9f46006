import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { browserParts, ledgerSource } from './parts.ts'

describe('what a browser verifies with (P11)', () => {
  it('checks an Ed25519 signature that another implementation made', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
    const bytes = new TextEncoder().encode('countersign\n1\nAAAA\n')
    const signature = new Uint8Array(sign(null, bytes, privateKey))
    expect(await browserParts.verifySignature(raw, bytes, signature)).toBe(true)
    bytes[0] = 0
    expect(await browserParts.verifySignature(raw, bytes, signature)).toBe(false)
  })

  const scene = (answers: readonly (number | 'broken')[]) => {
    const left = [...answers]
    const pauses: number[] = []
    const fetching = async () => {
      const status = left.shift() ?? 200
      if (status === 'broken') throw new TypeError('Failed to fetch')
      return new Response('x', { status })
    }
    return { pauses, source: ledgerSource('http://countersign', fetching, async (ms) => void pauses.push(ms)) }
  }

  it('tells a file that is not there from an instance that does not answer', async () => {
    expect(await scene([404]).source.read('no')).toBeUndefined()
    await expect(scene([503, 503, 503, 503, 503]).source.read('checkpoint')).rejects.toThrow('503')
    await expect(scene(Array(5).fill('broken')).source.read('checkpoint')).rejects.toThrow('could not be reached')
  })

  it('tries again what passes, and at once gives up what does not', async () => {
    const { source, pauses } = scene(['broken', 502, 429])
    expect(await source.read('tile/0/000')).toHaveLength(1)
    expect(pauses).toEqual([200, 1_000, 3_000])
    const refused = scene([401])
    await expect(refused.source.read('checkpoint')).rejects.toThrow('401')
    expect(refused.pauses).toEqual([])
  })
})
