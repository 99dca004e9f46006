/**
 * The keys of a deployment: they lie beside the database, never in it.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { platform } from 'node:os'
import { join } from 'node:path'
import { CountersignError, createLogKey, createSigner } from '@countersign/core'

export interface DeploymentKeys {
  /** Wraps the keys of the vault. 32 bytes. */
  readonly kek: Uint8Array
  /** Look-ups and secret references. 32 bytes. */
  readonly tenant: Uint8Array
  /** Signs checkpoints: Ed25519, PKCS#8 PEM. */
  readonly log: string
}

interface Kind {
  make(): string
  /** Why this text is none; undefined if it is one. */
  fault(text: string): string | undefined
}

const bytes: Kind = {
  make: () => randomBytes(32).toString('base64'),
  fault(text) {
    const key = Buffer.from(text.trim(), 'base64')
    if (key.toString('base64') !== text.trim()) return 'is not in base64'
    return key.length === 32 ? undefined : `has ${key.length} bytes, and not 32`
  },
}

const signingKey: Kind = {
  make: createLogKey,
  fault(text) {
    try {
      createSigner('key', text)
      return undefined
    } catch {
      return 'is not an Ed25519 private key in PEM'
    }
  },
}

const kinds = { kek: bytes, tenant: bytes, 'log.pem': signingKey } as const satisfies Record<string, Kind>

/** Something about a file or a folder of the data directory, as a sentence that says what helps. */
export interface FileFault {
  readonly file: string
  readonly says: string
}

/**
 * What is wrong with the keys in `directory`, as `loadKeys` would find it. Nothing is made or changed; keys that are
 * not there yet are fine.
 */
export async function lookAtKeys(directory: string): Promise<FileFault[]> {
  const folder = await stat(directory).catch(() => undefined)
  if (folder?.isDirectory() === false) return [{ file: directory, says: 'The keys lie in a folder, and this is none.' }]
  const found = await Promise.all(
    Object.entries(kinds).map(async ([name, kind]): Promise<FileFault | undefined> => {
      const file = join(directory, name)
      const says = await faultOf(file, kind)
      return says === undefined ? undefined : { file, says: `The key ${name} ${says}.` }
    }),
  )
  return found.filter((fault) => fault !== undefined)
}

/**
 * Reads the keys in `directory` (0700, files 0600), making each one that is missing. Of several starting at once one
 * makes a key and all have it.
 *
 * @throws ERR_CONFIG_INVALID naming each key that is not one
 */
export async function loadKeys(directory: string): Promise<DeploymentKeys> {
  const faults = await lookAtKeys(directory)
  if (faults.length > 0) throw new CountersignError('ERR_CONFIG_INVALID', faults)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  const text = (name: keyof typeof kinds) => readOrMake(join(directory, name), kinds[name].make)
  return {
    kek: Buffer.from(await text('kek'), 'base64'),
    tenant: Buffer.from(await text('tenant'), 'base64'),
    log: await text('log.pem'),
  }
}

/** What follows its name in a sentence. */
async function faultOf(file: string, kind: Kind): Promise<string | undefined> {
  const text = await read(file).catch(unreadable)
  if (text === undefined) return undefined
  if (typeof text !== 'string') return text.says
  const { mode } = await stat(file)
  if ((mode & 0o007) !== 0 && platform() !== 'win32') {
    return `is open to everyone on this machine (mode ${(mode & 0o777).toString(8)}): chmod 600 ${file}`
  }
  return kind.fault(text)
}

const unreadable = (error: unknown) => ({
  says: `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'no reason given'})`,
})

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

/** Undefined if it is not there. */
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
