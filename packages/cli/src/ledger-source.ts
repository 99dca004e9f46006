import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LedgerSource } from '@countersign/core/verify'
import { Stopped } from './stopped.ts'

/** A published ledger, at a URL or in a folder. */
export const sourceOf = (from: string): LedgerSource => (/^https?:\/\//.test(from) ? overHttp(from) : inFolder(from))

/** The log's key, as the ledger itself names it. */
export async function keyOf(source: LedgerSource, from: string): Promise<string> {
  const bytes = await source.read('vkey')
  if (!bytes) throw new Stopped(1, `There is no ledger at ${from}.`)
  return new TextDecoder().decode(bytes).trim()
}

function overHttp(url: string): LedgerSource {
  const bare = url.replace(/\/$/, '')
  const base = bare.endsWith('/ledger') ? bare : `${bare}/ledger`
  return {
    async read(path) {
      const response = await fetch(`${base}/${path}`).catch(() => undefined)
      if (!response) throw new Stopped(1, `${base} cannot be reached.`)
      if (response.status === 404) return undefined
      if (!response.ok) throw new Stopped(1, `${base}/${path} answered with HTTP ${response.status}.`)
      return new Uint8Array(await response.arrayBuffer())
    },
  }
}

/** Nothing else happens meanwhile, and of thousands of small files each is read with a third of the CPU time. */
const inFolder = (folder: string): LedgerSource => ({
  async read(path) {
    try {
      return readFileSync(join(folder, path))
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
      throw error
    }
  },
})
