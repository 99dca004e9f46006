/**
 * A directory of `.cedar` files, with `.cedarschema` files that extend the product's schema.
 *
 * @module
 */
import { watch as watchPath } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PolicyParts } from './engine.ts'
import type { PolicyFile } from './problem.ts'

/** Editors write a file in several steps; the set is read once they are done. */
const settleMs = 200

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** For `createPolicyEngine({ ...policyDirectory('policies'), … })`. */
export function policyDirectory(
  path: string,
): Required<Pick<PolicyParts, 'watch'>> & { files(): Promise<PolicyFile[]> } {
  return {
    async files() {
      const names = (await readdir(path)).filter((name) => /\.cedar(schema)?$/.test(name)).toSorted()
      return Promise.all(names.map(async (name) => ({ name, text: utf8.decode(await readFile(join(path, name))) })))
    },
    watch(changed) {
      let timer: NodeJS.Timeout | undefined
      const watcher = watchPath(path, () => {
        clearTimeout(timer)
        timer = setTimeout(changed, settleMs)
      })
      watcher.on('error', changed) // the directory is gone: reading it says so, and the old set stays
      return {
        close() {
          clearTimeout(timer)
          watcher.close()
        },
      }
    },
  }
}

/** What a site expects of its policies, beside them; undefined where it has written nothing down. */
export async function policyCases(path: string): Promise<string | undefined> {
  if (!(await readdir(path)).includes('cases.yaml')) return undefined
  return utf8.decode(await readFile(join(path, 'cases.yaml')))
}
