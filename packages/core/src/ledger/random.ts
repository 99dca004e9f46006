import { randomBytes } from 'node:crypto'

/** Draws random bytes a few thousand at a time, because each draw asks the system. No byte is handed out twice. */
export function createRandom(poolBytes = 4096): (count: number) => Buffer {
  let pool = Buffer.alloc(0)
  return (count) => {
    if (pool.length < count) pool = randomBytes(poolBytes)
    const drawn = pool.subarray(0, count)
    pool = pool.subarray(count)
    return drawn
  }
}
