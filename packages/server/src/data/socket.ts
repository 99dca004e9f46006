/**
 * Where Countersign and the command line meet: `countersign.sock` in the data directory. A path that is too long for a
 * socket gets a short one in the folder for temporary files; others may write there, so it is trusted only if it is
 * ours alone.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { lstat, mkdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { CountersignError, isError } from '@countersign/core'
import type { FileFault } from './keys.ts'

/**
 * Of a socket's path: `sun_path` of macOS has 104 bytes, that of Linux 108. Where it would be longer, it lies in the
 * temporary folder.
 */
const longestBytes = 100

export interface SocketPath {
  readonly path: string
  /** It lies where others may write as well. */
  readonly shared: boolean
}

export function socketOf(dataDir: string, temporary: string = tmpdir()): SocketPath {
  const plain = join(resolve(dataDir), 'countersign.sock')
  if (Buffer.byteLength(plain) < longestBytes) return { path: plain, shared: false }
  const name = createHash('sha256').update(plain).digest('hex').slice(0, 16)
  return { path: join(temporary, `countersign-${name}`, 'countersign.sock'), shared: true }
}

/** For Countersign: the place is there, nobody else's, and free. @throws ERR_CONFIG_INVALID */
export async function prepareSocket(dataDir: string, temporary?: string): Promise<string> {
  const { path, shared } = socketOf(dataDir, temporary)
  const folder = dirname(path)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (shared) await mustBeOurs(folder, dataDir)
  await rm(path, { force: true })
  return path
}

/**
 * Why `prepareSocket` would refuse the place. Nothing is made; whose a data directory will be that is not there yet,
 * nobody knows.
 */
export async function lookAtSocket(dataDir: string, temporary?: string): Promise<FileFault[]> {
  const { path, shared } = socketOf(dataDir, temporary)
  const folder = dirname(path)
  const [there, mine] = await Promise.all([folder, dataDir].map((each) => lstat(each).catch(() => undefined)))
  if (!shared || !there || !mine) return []
  try {
    await mustBeOurs(folder, dataDir)
    return []
  } catch (error) {
    if (!isError(error, 'ERR_CONFIG_INVALID')) throw error
    return [{ file: folder, says: notOurs }]
  }
}

/**
 * For the command line: undefined where no instance runs. @throws ERR_CONFIG_INVALID if someone else has made the place
 */
export async function findSocket(dataDir: string, temporary?: string): Promise<string | undefined> {
  const { path, shared } = socketOf(dataDir, temporary)
  const there = await lstat(path).catch(() => undefined)
  if (!there?.isSocket()) return undefined
  if (shared) await mustBeOurs(dirname(path), dataDir)
  return path
}

/** Whose the data directory is; a user without a name has no other way to tell who it is. */
async function mustBeOurs(folder: string, dataDir: string): Promise<void> {
  const mine = await stat(dataDir).catch(() => undefined)
  const found = await lstat(folder)
  if (found.isDirectory() && found.uid === mine?.uid && (found.mode & 0o077) === 0) return
  throw new CountersignError('ERR_CONFIG_INVALID', { folder, says: notOurs })
}

const notOurs = 'This folder was made by someone else, or is open to others. Choose a shorter data directory.'
