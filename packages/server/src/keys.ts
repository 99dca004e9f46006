/**
 * The keys of a house: they lie beside the database, never in it.
 *
 * @module
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CountersignError } from '@countersign/core'

export interface HouseKeys {
  /** Wraps the keys of the vault. 32 bytes. */
  readonly kek: Uint8Array
  /** Look-ups and secret references. 32 bytes. */
  readonly tenant: Uint8Array
  /** Signs checkpoints: Ed25519, PKCS#8 PEM. */
  readonly log: string
}

/** Reads the keys in `directory` (0700, files 0600), making each one that is missing. */
export async function loadKeys(directory: string): Promise<HouseKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  return {
    kek: await bytes(join(directory, 'kek')),
    tenant: await bytes(join(directory, 'tenant')),
    log: await readOrMake(join(directory, 'log.pem'), () =>
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ),
  }
}

async function bytes(file: string): Promise<Uint8Array> {
  const key = Buffer.from((await readOrMake(file, () => randomBytes(32).toString('base64'))).trim(), 'base64')
  if (key.length !== 32) throw new CountersignError('ERR_CONFIG_INVALID', { key: 'not 32 bytes of base64' })
  return key
}

/** Only one of two starting at once makes it: the other finds it. */
async function readOrMake(file: string, make: () => string): Promise<string> {
  try {
    const handle = await open(file, 'wx', 0o600)
    const made = make()
    await handle.writeFile(made)
    await handle.sync()
    await handle.close()
    return made
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return readFile(file, 'utf8')
  }
}
