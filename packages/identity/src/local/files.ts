/**
 * What local people leave in the data directory, and whether it can be used again.
 *
 * @module
 */
import { join } from 'node:path'
import { readProviderKeys } from './keys.ts'
import { readBindings } from './kept.ts'

export const localFiles = (dataDir: string) => ({
  bindings: join(dataDir, 'local-people.json'),
  keys: join(dataDir, 'local-people-keys.json'),
})

/** What would keep a deployment with local people from starting. Nothing is made or changed; what is not there yet is fine. */
export async function lookAtLocalFiles(dataDir: string): Promise<{ readonly file: string; readonly says: string }[]> {
  const { bindings, keys } = localFiles(dataDir)
  const found = await Promise.all([
    faultOf(bindings, readBindings, 'Moved away, everyone who was added needs a new link'),
    faultOf(keys, readProviderKeys, 'Moved away, new ones are made at the next start'),
  ])
  return found.filter((fault) => fault !== undefined)
}

async function faultOf(file: string, read: (file: string) => Promise<unknown>, mend: string) {
  try {
    await read(file)
    return undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    const why = code === undefined ? 'does not hold what was written there' : `cannot be read (${code})`
    return { file, says: `This file of local people ${why}. ${mend}.` }
  }
}
