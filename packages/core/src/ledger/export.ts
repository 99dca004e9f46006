import { tilePath, tileWidth, widthOf } from './tiles.ts'

/** Every file of a published or exported ledger of `size` entries, as `verifyLedger` reads them; `vkey` goes beside. */
export function* ledgerPaths(size: number): Generator<string> {
  yield 'checkpoint'
  yield 'vkey'
  yield* tilesOf('entries', size)
  for (let level = 0, hashes = size; hashes > 0; level += 1, hashes = Math.floor(hashes / tileWidth)) {
    yield* tilesOf(level, size)
  }
}

function* tilesOf(level: number | 'entries', size: number): Generator<string> {
  const height = level === 'entries' ? 0 : level
  for (let index = 0; widthOf(size, height, index) > 0; index += 1) {
    yield tilePath(level, index, widthOf(size, height, index))
  }
}
