/**
 * Values as PostgreSQL takes them: text, or bytes in a type's own binary form.
 *
 * @module
 */

type Scalar = string | number | boolean | null
export type Value = Scalar | Uint8Array | readonly Scalar[]

/** Lists become array literals, https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO. */
export function toWire(value: Value): string | Buffer | null {
  if (value === null || typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length)
  return typeof value === 'object' ? `{${value.map(element).join(',')}}` : String(value)
}

function element(value: Scalar): string {
  return typeof value === 'string' ? `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"` : String(value) // or NULL
}

/** https://www.postgresql.org/docs/current/catalog-pg-type.html: their numbers have never changed. */
const oids = { int8: 20, text: 25, bytea: 17 } as const

/**
 * A list in the binary form of an array (`array_recv`): one dimension, each element with its length before it. Bytes
 * travel as they are, not as twice as many digits.
 */
function binaryArray<Item>(
  oid: number,
  items: readonly (Item | null)[],
  sizeOf: (item: Item) => number,
  put: (into: Buffer, item: Item, offset: number, sizeBytes: number) => void,
): Buffer {
  const sizes = items.map((item) => (item === null ? 0 : sizeOf(item)))
  const whole = Buffer.allocUnsafe(headBytes + sizes.reduce((sum, size) => sum + 4 + size, 0))
  const head = [1, items.includes(null) ? 1 : 0, oid, items.length, 1]
  for (const [place, number] of head.entries()) whole.writeInt32BE(number, 4 * place)
  let offset = headBytes
  for (const [place, item] of items.entries()) {
    const size = sizes[place] ?? 0
    offset = whole.writeInt32BE(item === null ? -1 : size, offset)
    if (item !== null) put(whole, item, offset, size)
    offset += size
  }
  return whole
}

const headBytes = 20

export const bytesArray = (items: readonly Uint8Array[]): Buffer =>
  binaryArray(
    oids.bytea,
    items,
    (item) => item.length,
    (into, item, offset) => into.set(item, offset),
  )

export const textArray = (items: readonly (string | null)[]): Buffer =>
  binaryArray(
    oids.text,
    items,
    (item) => Buffer.byteLength(item),
    (into, item, offset, sizeBytes) => void into.write(item, offset, sizeBytes),
  )

export const integerArray = (items: readonly (number | null)[]): Buffer =>
  binaryArray(
    oids.int8,
    items,
    () => 8,
    (into, item, offset) => void into.writeBigInt64BE(BigInt(item), offset),
  )

/** Of 64 bits each, in hex. */
export const bitsArray = (items: readonly string[]): Buffer =>
  binaryArray(
    oids.int8,
    items,
    () => 8,
    (into, item, offset) => void into.write(item, offset, 8, 'hex'),
  )
