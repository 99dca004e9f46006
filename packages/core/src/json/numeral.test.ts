import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../action/canonical.ts'
import { Numeral } from './numeral.ts'
import { parseExactJson, parseJson } from './strict.ts'

describe('F5: numbers that a double cannot hold', () => {
  it.each<[string, string]>([
    ['9007199254740992', '9007199254740992'],
    ['-9007199254740993', '-9007199254740993'],
    ['12345678901234567890', '12345678901234567890'],
    ['1e+20', '100000000000000000000'],
    ['1.5E20', '150000000000000000000'],
    ['9007199254740993.0', '9007199254740993'],
    ['0.1000000000000000000001', '1.000000000000000000001e-1'],
    ['1.00000000000000000001', '1.00000000000000000001'],
    ['123.45678901234567890123', '1.2345678901234567890123e2'],
  ])('%s is kept as %s', (literal, text) => {
    const value = parseExactJson(`[${literal}]`) as [Numeral]
    expect(value[0]).toBeInstanceOf(Numeral)
    expect(canonical(value)).toBe(`[${text}]`)
    expect(canonical(parseExactJson(canonical(value)))).toBe(`[${text}]`)
  })

  it.each<[string, number]>([
    ['0', 0],
    ['-0', 0],
    ['-0.0', 0],
    ['9007199254740991', 9007199254740991],
    ['1.10', 1.1],
    ['1e2', 100],
    ['0.1', 0.1],
    ['1E-7', 1e-7],
    ['2.0000', 2],
  ])('%s is a number as any other', (literal, value) => {
    expect((parseExactJson(`[${literal}]`) as [number])[0]).toBeCloseTo(value, 12)
    expect(canonical(parseExactJson(literal))).toBe(canonical(value))
  })

  it.each([
    '1e309',
    '-1e400',
    '1e-400',
    '9'.repeat(401),
    `0.${'1'.repeat(400)}`,
    '1e99999999999999999999',
    '01',
    '1.',
    '.5',
    '+1',
  ])('%.30s is refused', (literal) => {
    expect(() => parseExactJson(literal)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_INVALID' }))
  })

  it('where nobody asked for exact ones they are refused, as before', () => {
    expect(() => parseJson('9007199254740993')).toThrow(expect.objectContaining({ code: 'ERR_INPUT_INVALID' }))
  })

  it('every integer comes back with its digits, every double as itself', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (big, double) => {
          expect(canonical(parseExactJson(String(big)))).toBe(String(big))
          const read = parseExactJson(JSON.stringify(double))
          expect(Number(canonical(read))).toBe(double === 0 ? 0 : double)
        },
      ),
    )
  })
})
