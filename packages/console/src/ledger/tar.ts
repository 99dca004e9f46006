/**
 * Files in one archive: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 (ustar).
 *
 * @module
 */
const blockBytes = 512
const longestName = 100

export function archive(files: readonly (readonly [path: string, bytes: Uint8Array])[]): Uint8Array<ArrayBuffer> {
  const blocks = files.reduce((sum, [, bytes]) => sum + 1 + Math.ceil(bytes.length / blockBytes), 2)
  const whole = new Uint8Array(blocks * blockBytes)
  let at = 0
  for (const [path, bytes] of files) {
    whole.set(header(path, bytes.length), at)
    whole.set(bytes, at + blockBytes)
    at += blockBytes * (1 + Math.ceil(bytes.length / blockBytes))
  }
  return whole
}

function header(path: string, sizeBytes: number): Uint8Array {
  if (path.length > longestName) throw new RangeError('a path too long for this archive')
  const block = new Uint8Array(blockBytes)
  const write = (text: string, at: number) => block.set(new TextEncoder().encode(text), at)
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  write(path, 0)
  write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100)
  write(`${octal(sizeBytes, 11)} ${octal(0, 11)} `, 124)
  write('        0', 148)
  write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  write(`${octal(sum, 6)}\0 `, 148)
  return block
}
