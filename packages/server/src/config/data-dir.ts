/**
 * The data directory as a start would find it, with nothing made or changed.
 *
 * @module
 */
import { join } from 'node:path'
import { foreseeFolder } from '@countersign/gateways'
import { lookAtLocalFiles } from '@countersign/identity'
import type { Config } from './config.ts'
import { type FileFault, lookAtKeys } from '../data/keys.ts'
import { lookAtSocket } from '../data/socket.ts'

/** What in it would keep Countersign from starting. A directory that is not there yet is fine where it can be made. */
export async function lookAtData(dataDir: string, { identity }: Pick<Config, 'identity'>): Promise<FileFault[]> {
  const away = await foreseeFolder(dataDir)
  if (away !== undefined) return [{ file: dataDir, says: `Data cannot lie here: ${away}.` }]
  const found = await Promise.all([
    lookAtKeys(join(dataDir, 'keys')),
    identity ? [] : lookAtLocalFiles(dataDir),
    lookAtSocket(dataDir),
  ])
  return found.flat()
}
