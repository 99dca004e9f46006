/**
 * Builds the console, unless it is newer than all that it is made of.
 *
 * @module
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'

const made = newest('packages/console/dist')
const from = ['packages/console', 'packages/schema/src', 'packages/core/src'].map((folder) => newest(folder))

if (made === 0 || made < Math.max(...from)) {
  await build({ root: 'packages/console', logLevel: 'warn' })
}

/** When the newest file below was changed, in milliseconds since 1970; 0 if there is none. */
function newest(folder: string): number {
  try {
    return Math.max(
      0,
      ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
        if (['dist', 'node_modules'].includes(entry.name)) return 0
        const path = join(folder, entry.name)
        return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs
      }),
    )
  } catch {
    return 0
  }
}
