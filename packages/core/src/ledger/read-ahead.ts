import { tilePath, tileWidth, widthOf } from './tiles.ts'

interface Source {
  read(path: string): Promise<Uint8Array | undefined>
}

/** So many bundles, each with its tile of hashes: enough to fill a wait of some ten milliseconds, and no burden to hold. */
const bundlesAhead = 4

/**
 * Asks for the next files of a ledger of `size` entries while the last ones are checked: over a network, waiting for
 * each in turn would be most of the time. What fails ahead fails when it is read.
 */
export function readAhead(source: Source, size: number): Source & { reach(bundle: number): void } {
  const coming = new Map<string, Promise<Uint8Array | undefined>>()
  let next = 0

  return {
    /** Bundle by bundle, the way they are checked. */
    reach(bundle) {
      for (; next <= bundle + bundlesAhead && next * tileWidth < size; next += 1) {
        const width = widthOf(size, 0, next)
        ask(tilePath('entries', next, width))
        ask(tilePath(0, next, width))
      }
    },
    read(path) {
      const asked = coming.get(path)
      coming.delete(path)
      return asked ?? source.read(path)
    },
  }

  function ask(path: string): void {
    const answer = source.read(path)
    answer.catch(() => undefined)
    coming.set(path, answer)
  }
}
