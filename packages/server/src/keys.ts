/**
 * The keys of a house: they lie beside the database, never in it.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CountersignError, createLogKey, createSigner } from '@countersign/core'

export interface HouseKeys {
  /** Wraps the keys of the vault. 32 bytes. */
  readonly kek: Uint8Array
  /** Look-ups and secret references. 32 bytes. */
  readonly tenant: Uint8Array
  /** Signs checkpoints: Ed25519, PKCS#8 PEM. */
  readonly log: string
}

/**
 * Reads the keys in `directory` (0700, files 0600), making each one that is missing. Of several starting at once one makes
 * a key and all have it.
 *
 * @throws ERR_CONFIG_INVALID naming the key that is not one
 */
export async function loadKeys(directory: string): Promise<HouseKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  return {
    kek: await bytes(join(directory, 'kek')),
    tenant: await bytes(join(directory, 'tenant')),
    log: await signingKey(join(directory, 'log.pem')),
  }
}

async function bytes(file: string): Promise<Uint8Array> {
  const text = (await readOrMake(file, () => randomBytes(32).toString('base64'))).trim()
  const key = Buffer.from(text, 'base64')
  if (key.length !== 32 || key.toString('base64') !== text) throw unfit(file, 'is not 32 bytes in base64')
  return key
}

async function signingKey(file: string): Promise<string> {
  const pem = await readOrMake(file, createLogKey)
  try {
    createSigner('key', pem)
  } catch {
    throw unfit(file, 'is not an Ed25519 private key in PEM')
  }
  return pem
}

async function readOrMake(file: string, make: () => string): Promise<string> {
  const found = await read(file)
  if (found !== undefined) return found
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    await write(draft, make())
    await link(draft, file) // whole or not at all, and never over another one
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
  return readFile(file, 'utf8')
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function write(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const unfit = (file: string, says: string) =>
  new CountersignError('ERR_CONFIG_INVALID', { key: basename(file), says: `${basename(file)} ${says}.` })
