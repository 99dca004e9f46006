/**
 * What is too large to be held in memory lies on disk for as long as its request does. The file has no name: nobody
 * finds it, and it is gone with the process, however that ends.
 *
 * @module
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { CountersignError } from '@countersign/core'

export interface Spooled {
  readonly sha256: string
  readonly sizeBytes: number
  /** The bytes again, from the first to the last. @throws if it cannot be read */
  read(): AsyncGenerator<Buffer>
  /** Lets go of the disk. */
  close(): Promise<void>
}

export interface Spool {
  /** @throws ERR_SPOOL if the disk does not take it, or there is as much as may be; what `parts` throws */
  keep(parts: AsyncIterable<Uint8Array>): Promise<Spooled>
}

export interface SpoolSettings {
  readonly folder: string
  /** Of all that lies there at the same time. */
  readonly maxBytes: number
}

export function createSpool({ folder, maxBytes }: SpoolSettings): Spool {
  let heldBytes = 0
  return {
    async keep(parts) {
      const file = await nameless(folder)
      const hash = createHash('sha256')
      let sizeBytes = 0
      const close = async () => {
        heldBytes -= sizeBytes
        await file.close()
      }
      try {
        for await (const part of parts) {
          if (heldBytes + part.length > maxBytes) throw new CountersignError('ERR_SPOOL')
          heldBytes += part.length
          sizeBytes += part.length
          hash.update(part)
          await written(file, part)
        }
      } catch (error) {
        await close()
        throw error
      }
      return { sha256: hash.digest('hex'), sizeBytes, read: () => readAgain(file, sizeBytes), close }
    },
  }
}

async function nameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `countersign-body-${randomUUID()}`)
  try {
    await mkdir(folder, { recursive: true })
    const file = await open(path, 'wx+', 0o600)
    await unlink(path)
    return file
  } catch (cause) {
    throw new CountersignError('ERR_SPOOL', undefined, { cause })
  }
}

async function written(file: FileHandle, part: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < part.length;) at += (await file.write(part, at)).bytesWritten
  } catch (cause) {
    throw new CountersignError('ERR_SPOOL', undefined, { cause })
  }
}

async function* readAgain(file: FileHandle, sizeBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < sizeBytes;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(65_536), 0, 65_536, at)
    if (bytesRead === 0) throw new Error('a spooled body is shorter than it was')
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
