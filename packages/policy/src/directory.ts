/**
 * A directory of `.cedar` files, with `.cedarschema` files that extend the product's schema.
 *
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CountersignError } from '@countersign/core'
import type { PolicyFile, Problem } from './problem.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** For `createPolicyEngine({ ...policyDirectory('policies'), … })`. */
export const policyDirectory = (path: string): { files(): Promise<PolicyFile[]> } => ({
  async files() {
    const names = await readdir(path).catch((error: unknown) => {
      throw unreadable('', `The folder ${path} cannot be read`, error)
    })
    const wanted = names.filter((name) => /\.cedar(schema)?$/.test(name)).toSorted()
    return Promise.all(wanted.map(async (name) => ({ name, text: await textOf(path, name) })))
  },
})

/** What a site expects of its policies, beside them; undefined where it has written nothing down. */
export async function policyCases(path: string): Promise<string | undefined> {
  if (!(await readdir(path)).includes('cases.yaml')) return undefined
  return utf8.decode(await readFile(join(path, 'cases.yaml')))
}

async function textOf(path: string, name: string): Promise<string> {
  try {
    return utf8.decode(await readFile(join(path, name)))
  } catch (error) {
    throw unreadable(name, 'This file cannot be read', error)
  }
}

function unreadable(file: string, says: string, cause: unknown): CountersignError {
  const code =
    cause instanceof TypeError ? 'it is not UTF-8' : ((cause as NodeJS.ErrnoException).code ?? 'no reason given')
  const problem: Problem = { file, line: 1, column: 1, policy: undefined, says: `${says} (${code}).` }
  return new CountersignError('ERR_POLICY_INVALID', { problems: [problem] }, { cause })
}
