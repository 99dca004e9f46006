import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHmacSha256 } from './hmac.ts'
import { createRandom } from './random.ts'

describe('HMAC-SHA-256', () => {
  // https://www.rfc-editor.org/rfc/rfc4231#section-4.2 and 4.3
  it.each([
    ['0b'.repeat(20), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    ['4a656665', 'what do ya want for nothing?', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
  ])('under %s is what RFC 4231 says', (key, text, mac) => {
    expect(createHmacSha256(Buffer.from(key, 'hex')).hex(text)).toBe(mac)
  })

  it('is what Node says, for every key and text', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.string({ unit: 'grapheme' }),
        fc.nat(2_000),
        (key, text, times) => {
          for (const one of [text, text.repeat(times).slice(0, 20_000)]) {
            const expected = createHmac('sha256', key).update(one, 'utf8').digest('hex')
            const mac = createHmacSha256(key)
            expect([mac.hex(one), mac.bytes(one).toString('hex')]).toEqual([expected, expected])
          }
        },
      ),
    )
  })
})

describe('random bytes', () => {
  it('are as many as asked for, and never the same ones again', () => {
    const random = createRandom(64)
    const drawn = Array.from({ length: 200 }, (_, at) => random(12 + (at % 21)))
    expect(drawn.map((bytes) => bytes.length)).toEqual(drawn.map((_, at) => 12 + (at % 21)))
    expect(new Set(drawn.map((bytes) => bytes.toString('hex').slice(0, 24))).size).toBe(200)
  })
})
