import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Why nothing can be put into this folder or, while it is not there, why it cannot be made. Nothing is made. */
export async function foreseeFolder(named: string): Promise<string | undefined> {
  const path = resolve(named)
  try {
    if (!(await stat(path)).isDirectory()) return `${path} is no folder`
    await access(path, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && dirname(path) !== path) return foreseeFolder(dirname(path))
    return `${path} cannot be used (${codeOf(error)})`
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)
