import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBundle, encodeBundle, maxLeafBytes } from './bundle.ts'
import { ledgerPaths } from './export.ts'
import { tileOf, tilePath, widthOf } from './tiles.ts'

describe('tiles (https://c2sp.org/tlog-tiles)', () => {
  it.each<[number | 'entries', number, number, string]>([
    [0, 0, 256, 'tile/0/000'],
    [0, 273, 256, 'tile/0/273'],
    [0, 273, 112, 'tile/0/273.p/112'],
    [1, 1, 17, 'tile/1/001.p/17'],
    [0, 999, 256, 'tile/0/999'],
    [0, 1000, 256, 'tile/0/x001/000'],
    [0, 1_234_067, 256, 'tile/0/x001/x234/067'],
    [2, 1_234_067, 1, 'tile/2/x001/x234/067.p/1'],
    ['entries', 1_234_067, 256, 'tile/entries/x001/x234/067'],
    ['entries', 0, 8, 'tile/entries/000.p/8'],
  ])('level %s, index %d, width %d is %s', (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path)
  })

  it.each([
    [70_000, 0, 272, 256],
    [70_000, 0, 273, 112],
    [70_000, 0, 274, 0],
    [70_000, 1, 0, 256],
    [70_000, 1, 1, 17],
    [70_000, 2, 0, 1],
    [256, 1, 0, 1],
    [0, 0, 0, 0],
  ])('a tree of %d has at level %d in tile %d %d hashes', (size, level, index, width) => {
    expect(widthOf(size, level, index)).toBe(width)
  })

  it.each([
    [0, 300, { level: 0, index: 1, first: 44, count: 1 }],
    [3, 33, { level: 0, index: 1, first: 8, count: 8 }],
    [7, 3, { level: 0, index: 1, first: 128, count: 128 }],
    [8, 3, { level: 1, index: 0, first: 3, count: 1 }],
    [16, 0, { level: 2, index: 0, first: 0, count: 1 }],
  ])('node %d/%d is a row of hashes', (level, index, tile) => {
    expect(tileOf(level, index)).toEqual(tile)
  })

  it('are all listed for an export', () => {
    expect([...ledgerPaths(600)]).toEqual([
      'checkpoint',
      'vkey',
      'tile/entries/000',
      'tile/entries/001',
      'tile/entries/002.p/88',
      'tile/0/000',
      'tile/0/001',
      'tile/0/002.p/88',
      'tile/1/000.p/2',
    ])
    expect([...ledgerPaths(0)]).toEqual(['checkpoint', 'vkey'])
    expect([...ledgerPaths(65_536)].filter((path) => !path.startsWith('tile/0/') && !path.includes('entries'))).toEqual(
      ['checkpoint', 'vkey', 'tile/1/000', 'tile/2/000.p/1'],
    )
  })
})

describe('entry bundles', () => {
  it('give back what was put in', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 256 }), (entries) => {
        expect(decodeBundle(encodeBundle(entries)).map((entry) => Uint8Array.from(entry))).toEqual(entries)
      }),
      { numRuns: 50 },
    )
  })

  it('carry a leaf of 16 KiB and refuse a larger one', () => {
    expect(decodeBundle(encodeBundle([new Uint8Array(maxLeafBytes)]))[0]).toHaveLength(maxLeafBytes)
    expect(() => encodeBundle([new Uint8Array(maxLeafBytes + 1)])).toThrow(
      expect.objectContaining({ code: 'ERR_LEDGER_BROKEN' }),
    )
  })

  it.each([
    ['half a length', Uint8Array.of(0)],
    ['less than the length says', Uint8Array.of(0, 3, 1, 2)],
    ['an entry beyond the limit', new Uint8Array(40_000).fill(0x50)],
    ['more than 256 entries', new Uint8Array(2 * 257)],
  ])('are refused with %s', (_, bytes) => {
    expect(() => decodeBundle(bytes)).toThrow(expect.objectContaining({ code: 'ERR_LEDGER_BROKEN' }))
  })
})
