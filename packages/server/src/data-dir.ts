/**
 * The data directory as a start would find it, with nothing made or changed.
 *
 * @module
 */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { lookAtLocalFiles } from '@countersign/identity'
import type { Config } from './config.ts'
import { type FileFault, lookAtKeys } from './keys.ts'

/** What in it would keep Countersign from starting. A directory that is not there yet is fine where it can be made. */
export async function lookAtData(dataDir: string, { identity }: Pick<Config, 'identity'>): Promise<FileFault[]> {
  const away = await whyNoFolder(dataDir)
  if (away !== undefined) return [{ file: dataDir, says: `Data cannot lie here: ${away}.` }]
  const [keys, people] = await Promise.all([
    lookAtKeys(join(dataDir, 'keys')),
    identity ? [] : lookAtLocalFiles(dataDir),
  ])
  return [...keys, ...people]
}

/** Of the folder itself or, while it is not there, of the one that it would be made in. */
async function whyNoFolder(path: string): Promise<string | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return `${path} is no folder`
    await access(path, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    const { code = 'no reason given' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && dirname(path) !== path) return whyNoFolder(dirname(path))
    return `${path} cannot be used (${code})`
  }
}
