/**
 * For tests: a folder with a configuration and a policy set, made anew for each, and `countersign` in it.
 *
 * @module
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { runWith } from './fake-terminal.ts'

export let cwd: string

/** Once in each file of tests: files may share this module, and hooks belong to the file that is read. */
export function inFolders(): void {
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'countersign-start-'))
    await mkdir(join(cwd, 'policies'))
    await write('policies/registry.yaml', 'datasets: {}\n')
    await write('policies/all.cedar', '@id("all") @owner("o") @doc("d")\npermit (principal, action, resource);\n')
  })
  afterEach(() => rm(cwd, { recursive: true, force: true }))
}

export const write = (name: string, text: string) => writeFile(join(cwd, name), text)
export const run = (...words: string[]) =>
  runWith(words, { cwd, env: { PATH: join(cwd, 'bin') }, stopped: () => new Promise(() => undefined) })

interface Report {
  readonly ok: boolean
  readonly config: string | null
  readonly policies: number
  readonly problems: readonly Told[]
  readonly warnings: readonly Told[]
}
interface Told {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly path: string
  readonly says: string
}

export async function check(config: string, ...words: string[]): Promise<Report> {
  await write('countersign.yaml', config)
  return JSON.parse((await run('check', '--json', ...words)).said) as Report
}
