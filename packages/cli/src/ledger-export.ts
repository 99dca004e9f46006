/**
 * `countersign ledger export`: a ledger as files, to keep, to hand to an auditor, and to verify without an instance.
 *
 * @module
 */
import { createPublicKey } from 'node:crypto'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CountersignError, sha256, verifyEd25519 } from '@countersign/core'
import {
  type Checkpoint,
  decodeBundle,
  inclusionProof,
  ledgerPaths,
  type LedgerReport,
  type LedgerSource,
  openCheckpoint,
  parseVkey,
  tilePath,
  tileWidth,
  widthOf,
} from '@countersign/core/verify'
import { verifyFrom } from './ledger.ts'
import { keyOf, sourceOf } from './ledger-source.ts'
import { Stopped } from './stopped.ts'

export interface ExportWish {
  readonly from: string
  readonly to: string
  readonly vkey?: string
  /** Entries to lay out beside the rest, each with its proof. */
  readonly entries: readonly number[]
  /** The script that checks such a proof with openssl alone. */
  readonly script: string
  onProgress?(done: number, size: number): void
}

/** Writes every file, then verifies what was written. */
export async function exportLedger({ from, to, vkey, entries, script, onProgress }: ExportWish): Promise<LedgerReport> {
  const source = sourceOf(from)
  const key = vkey ?? (await keyOf(source, from))
  const note = await source.read('checkpoint')
  if (!note) throw new Stopped(1, `${from} has not published a checkpoint yet. Try again in a second.`)
  const parts = { hash: sha256, verifySignature: verifyEd25519 }
  const head = await openCheckpoint(parts, new TextDecoder().decode(note), key)
  const beyond = entries.filter((entry) => entry >= head.size)
  if (beyond.length > 0) throw new Stopped(2, `There are ${head.size} entries, so none is number ${beyond.join(', ')}.`)

  const write = async (path: string, bytes: Uint8Array | string) => {
    await mkdir(dirname(join(to, path)), { recursive: true })
    await writeFile(join(to, path), bytes)
  }
  for (const path of ledgerPaths(head.size)) {
    if (path.startsWith('tile/')) await write(path, await tileOf(source, path))
  }
  for (const entry of entries) await layOut(entry, { source, head, note, write })
  await write('vkey', `${key}\n`)
  await write('log.pub.pem', pemOf(key))
  await copyFile(script, join(to, 'verify.sh'))
  await write('checkpoint', note)
  return verifyFrom({ from: to, vkey: key, ...(onProgress && { onProgress }) })
}

/** A log that has grown since may serve the full tile in place of a partial one. */
async function tileOf(source: LedgerSource, path: string): Promise<Uint8Array> {
  const found = await source.read(path)
  if (found) return found
  const [, full, width] = /^(.*)\.p\/(\d+)$/.exec(path) ?? []
  const bytes = full === undefined ? undefined : await source.read(full)
  if (!bytes) throw new Stopped(1, `${path} is not there.`)
  return path.startsWith('tile/entries/') ? firstOf(bytes, Number(width)) : bytes.subarray(0, Number(width) * 32)
}

/** The first so many entries of a bundle, as they stand there. */
function firstOf(bundle: Uint8Array, count: number): Uint8Array {
  const entries = decodeBundle(bundle).slice(0, count)
  return bundle.subarray(
    0,
    entries.reduce((bytes, entry) => bytes + 2 + entry.length, 0),
  )
}

interface Layout {
  readonly source: LedgerSource
  readonly head: Checkpoint
  readonly note: Uint8Array
  write(path: string, bytes: Uint8Array | string): Promise<void>
}

/** The entry's own bytes, and beside them all it takes to prove them: https://c2sp.org/tlog-proof */
async function layOut(entry: number, { source, head, note, write }: Layout): Promise<void> {
  const bundle = Math.floor(entry / tileWidth)
  const path = tilePath('entries', bundle, widthOf(head.size, 0, bundle))
  const leaf = decodeBundle(await tileOf(source, path))[entry % tileWidth]
  if (!leaf) throw new CountersignError('ERR_LEDGER_BROKEN', { entry })
  const tiles = (level: number, index: number, width: number) => tileOf(source, tilePath(level, index, width))
  const proof = await inclusionProof(sha256, tiles, entry, head.size)
  const hashes = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')
  await write(`entries/${entry}`, leaf)
  const text = `c2sp.org/tlog-proof@v1\nindex ${entry}\n${hashes}\n${new TextDecoder().decode(note)}`
  await write(`entries/${entry}.tlog-proof`, text)
}

/** For `openssl`: the key in the form of RFC 8410 §4. */
function pemOf(vkey: string): string {
  const { publicKey } = parseVkey(sha256, vkey)
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey])
  return createPublicKey({ key: der, type: 'spki', format: 'der' }).export({ type: 'spki', format: 'pem' }).toString()
}
