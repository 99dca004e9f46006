/**
 * A small disk that can be filled to the last byte, where this machine lets us mount one.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface SmallDisk {
  fill(): Promise<void>
  empty(): Promise<void>
  unmount(): Promise<void>
}

/** Undefined where mounting is not permitted. */
export async function mountSmallDisk(folder: string, sizeMiB: number): Promise<SmallDisk | undefined> {
  const options = ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=0711`, 'tmpfs', folder]
  const mounted = await run('mount', options).then(
    () => true,
    () => false,
  )
  if (!mounted) return undefined
  const filler = join(folder, 'filler')
  return {
    async fill() {
      const file = await open(filler, 'w')
      const block = Buffer.alloc(1 << 20, 1)
      try {
        for (let size = block.length; size >= 4096; size /= 2) await writeUntilFull(file, block.subarray(0, size))
      } finally {
        await file.close()
      }
      const { bavail } = await statfs(folder)
      if (bavail > 0) throw new Error(`The disk could not be filled: ${bavail} blocks are free.`)
    },
    empty: () => rm(filler, { force: true }),
    unmount: async () => void (await run('umount', [folder])),
  }
}

async function writeUntilFull(file: Awaited<ReturnType<typeof open>>, block: Uint8Array): Promise<void> {
  try {
    for (;;) if ((await file.write(block)).bytesWritten < block.length) return
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
