import { sameBytes } from './bytes.ts'
import { hashBytes } from './merkle.ts'
import { tileHeight, tilePath, tileWidth } from './tiles.ts'

/** Compares the tiles that are published with those that the entries give. */
export interface TileCheck {
  /** Hand it to the frontier. */
  readonly onNode: (level: number, index: number, hash: Uint8Array) => void
  /** What differs among the tiles completed since the last call; with `last`, also among the partial ones. */
  differences(last?: 'last'): Promise<string[]>
}

interface Tile {
  readonly level: number
  readonly index: number
  readonly bytes: Uint8Array
  width: number
}

export function createTileCheck(source: { read(path: string): Promise<Uint8Array | undefined> }): TileCheck {
  const growing = new Map<number, Tile>()
  let full: Tile[] = []

  return {
    onNode(nodeLevel, nodeIndex, hash) {
      if (nodeLevel % tileHeight !== 0) return
      const level = nodeLevel / tileHeight
      const index = Math.floor(nodeIndex / tileWidth)
      const tile = growing.get(level) ?? { level, index, bytes: new Uint8Array(tileWidth * hashBytes), width: 0 }
      tile.bytes.set(hash, tile.width * hashBytes)
      tile.width += 1
      if (tile.width < tileWidth) growing.set(level, tile)
      else {
        growing.delete(level)
        full.push(tile)
      }
    },
    async differences(last) {
      const due = last ? [...full, ...growing.values()] : full
      full = []
      const found: string[] = []
      for (const tile of due) found.push(...(await differencesOf(tile)))
      return found
    },
  }

  async function differencesOf({ level, index, width, bytes }: Tile): Promise<string[]> {
    const path = tilePath(level, index, width)
    const expected = bytes.subarray(0, width * hashBytes)
    // A partial file may be replaced by the full one once there is one.
    const found = (await source.read(path)) ?? (await source.read(tilePath(level, index)))?.subarray(0, expected.length)
    if (!found) return [`${path} is not there.`]
    return sameBytes(found, expected) ? [] : [`${path} is not what the entries give.`]
  }
}
