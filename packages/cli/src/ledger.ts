/**
 * `countersign ledger verify`: everything recomputed from the published files, with core's verifier alone.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256, verifyEd25519 } from '@countersign/core'
import { type LedgerReport, type LedgerSource, verifyLedger } from '@countersign/core/verify'
import { Stopped } from './stopped.ts'

export interface VerifyWish {
  /** `http://…/ledger` or a folder. */
  readonly from: string
  /** The log's key, from another place than the ledger; without it the one that the ledger itself names. */
  readonly vkey?: string
  /** A checkpoint kept from before, as text. */
  readonly known?: string
  onProgress?(done: number, size: number): void
}

export async function verifyFrom({ from, vkey, known, onProgress }: VerifyWish): Promise<LedgerReport> {
  const source = /^https?:\/\//.test(from) ? overHttp(from) : inFolder(from)
  const key = vkey ?? text(await source.read('vkey'))?.trim()
  if (key === undefined) throw new Stopped(1, `There is no ledger at ${from}.`)
  return verifyLedger(
    source,
    { hash: sha256, verifySignature: verifyEd25519 },
    { vkey: key, ...(known !== undefined && { known }), ...(onProgress && { onProgress }) },
  )
}

export function inWords({ size, root, state, problems, furtherProblems, counts }: LedgerReport): string {
  const bad = problems.length + furtherProblems
  const found = problems
    .slice(0, 20)
    .map(({ index, says }) => `  ${index === undefined ? '' : `entry ${index}: `}${says}`)
  const kinds = Object.entries(counts).map(([type, count]) => `  ${String(count).padStart(8)}  ${type}`)
  const head = `${size} entries, root ${root}, ${state}`
  if (bad > 0) return [`The ledger does NOT add up: ${bad} problems.`, ...found, head].join('\n')
  return [
    `Everything adds up: every leaf, every tile, the root, the signature, and the story they tell.`,
    head,
    ...kinds,
    'Nobody else has vouched for this head yet: keep the checkpoint, and hand it in next time with --known.',
  ].join('\n')
}

function overHttp(url: string): LedgerSource {
  const base = /\/ledger\/?$/.test(url) ? url.replace(/\/$/, '') : `${url.replace(/\/$/, '')}/ledger`
  return {
    async read(path) {
      const response = await fetch(`${base}/${path}`)
      if (response.status === 404) return undefined
      if (!response.ok) throw new Stopped(1, `${base}/${path} answered with HTTP ${response.status}.`)
      return new Uint8Array(await response.arrayBuffer())
    },
  }
}

const inFolder = (folder: string): LedgerSource => ({
  async read(path) {
    try {
      return await readFile(join(folder, path))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  },
})

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)
