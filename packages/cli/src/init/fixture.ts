/**
 * For tests: a project and a home folder that are made anew for each, and `countersign init` in them.
 *
 * @module
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { parse } from 'yaml'
import { runWith } from '../fake-terminal.ts'

export let cwd: string
export let home: string

/** Once in each file of tests: files may share this module, and hooks belong to the file that is read. */
export function inShops(): void {
  beforeEach(async () => {
    const root = await mkdtemp(join(tmpdir(), 'countersign-init-'))
    cwd = join(root, 'shop')
    home = join(root, 'home')
    await mkdir(cwd)
    await mkdir(home)
  })
  afterEach(() => rm(dirname(cwd), { recursive: true, force: true }))
}

export const env = () => ({ HOME: home })
export const command = (words: string[], more: object = {}) => runWith(words, { cwd, env: env(), ...more })
export const write = async (name: string, text: string | object, root = cwd) => {
  await mkdir(dirname(join(root, name)), { recursive: true })
  await writeFile(join(root, name), typeof text === 'string' ? text : JSON.stringify(text))
}
export const read = (name: string) => readFile(join(cwd, name), 'utf8')
interface Written {
  name: string
  gateways: { http?: { upstreams: Record<string, object> }; mcp?: { servers: Record<string, Record<string, unknown>> } }
}
export const config = async () => parse(await read('countersign.yaml')) as Written
export const servers = async () => (await config()).gateways.mcp?.servers ?? {}
