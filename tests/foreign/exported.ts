/**
 * The ledger of a real instance, laid out as files by the command line; and the same, as a forger would have it.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createAsk, type Terminal, product, run } from '@countersign/cli'
import { encodeBundle, sha256, signCheckpoint, type Signer } from '@countersign/core'
import { createFrontier, decodeBundle, hashLeaf, parseCheckpoint, tilePath, tileWidth } from '@countersign/core/verify'
import { type TestInstance, until } from '../instance.ts'

/** Waits until all that is there now is published. @returns how many entries that is */
export async function exportLedger(
  instance: TestInstance,
  folder: string,
  ...entries: readonly number[]
): Promise<number> {
  const { ledger } = instance.demo.instance.store
  const { size } = await ledger.head()
  await until(
    () => ledger.checkpoint(),
    (note) => note !== undefined && Number(note.split('\n')[1]) >= size,
  )
  const wished = entries.flatMap((entry) => ['--entry', `${entry}`])
  const { code, muttered } = await countersign(folder, 'ledger', 'export', instance.url, folder, ...wished)
  if (code !== 0) throw new Error(muttered)
  return parseCheckpoint(await readFile(join(folder, 'checkpoint'), 'utf8')).size
}

async function countersign(cwd: string, ...words: string[]): Promise<{ code: number; muttered: string }> {
  let muttered = ''
  const terminal: Terminal = {
    env: {},
    cwd,
    root: false,
    watched: false,
    product,
    say: () => undefined,
    mutter: (text) => void (muttered += text),
    ask: createAsk,
    stopped: () => Promise.resolve(),
  }
  return { code: await run(terminal, words), muttered }
}

export const leavesIn = async (folder: string, size: number): Promise<Uint8Array[]> =>
  decodeBundle(await readFile(join(folder, tilePath('entries', 0, size))))

export async function copyOf(folder: string): Promise<string> {
  const copy = await mkdtemp(`${folder}-copy-`)
  await cp(folder, copy, { recursive: true })
  return copy
}

/** All that is public, made anew for these leaves, as whoever holds the log's key could. */
export async function rebuild(folder: string, leaves: readonly Uint8Array[], signer: Signer): Promise<void> {
  if (leaves.length >= tileWidth) throw new Error('This forger has learned to make one tile only.')
  await rm(join(folder, 'tile'), { recursive: true })
  const frontier = createFrontier(sha256)
  const hashes = leaves.map((leaf) => hashLeaf(sha256, leaf))
  for (const hash of hashes) frontier.push(hash)
  const write = async (path: string, bytes: Uint8Array | string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
  await write(tilePath('entries', 0, leaves.length), encodeBundle(leaves))
  await write(tilePath(0, 0, leaves.length), Buffer.concat(hashes))
  await write('checkpoint', await signCheckpoint(sha256, signer, { size: leaves.length, root: frontier.root() }))
}

export interface Ended {
  readonly code: number
  readonly said: string
  readonly muttered: string
}

/** A program that is not ours. */
export function foreign(program: string, ...words: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] }
    const child = execFile(program, words, { env }, (_, said, muttered) => {
      resolve({ code: child.exitCode ?? -1, said, muttered })
    })
  })
}
