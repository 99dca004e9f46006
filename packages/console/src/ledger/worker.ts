/**
 * Verifies or fetches the ledger beside the page, so that the page stays usable.
 *
 * @module
 */
import { ledgerPaths, type LedgerSource, verifyLedger } from '@countersign/core/verify'
import type { Told, Wish } from './messages.ts'
import { browserParts, ledgerSource } from './parts.ts'
import { archive } from './tar.ts'

const tell = (told: Told) => postMessage(told)

addEventListener('message', ({ data }: MessageEvent<Wish>) => void serve(data))

async function serve(wish: Wish): Promise<void> {
  try {
    if (wish.kind === 'verify') await verify(wish)
    else await download(wish)
  } catch (error) {
    tell({ kind: 'failed', says: error instanceof Error ? error.message : 'It could not be read.' })
  }
}

async function verify({ origin, vkey, known }: Extract<Wish, { kind: 'verify' }>): Promise<void> {
  const instance = ledgerSource(origin)
  const checkpoint = await instance.read('checkpoint')
  // One head for the whole check: the ledger grows meanwhile.
  const source: LedgerSource = {
    read: (path) => (path === 'checkpoint' ? Promise.resolve(checkpoint) : instance.read(path)),
  }
  const report = await verifyLedger(source, browserParts, {
    vkey,
    ...(known !== undefined && { known }),
    onProgress: (done, size) => tell({ kind: 'progress', done, size }),
  })
  tell({ kind: 'verified', report, checkpoint: checkpoint && new TextDecoder().decode(checkpoint) })
}

async function download({ origin, size }: Extract<Wish, { kind: 'download' }>): Promise<void> {
  const instance = ledgerSource(origin)
  const paths = [...ledgerPaths(size)]
  const files: [string, Uint8Array][] = []
  for (const [index, path] of paths.entries()) {
    const bytes = await instance.read(path)
    if (!bytes) throw new Error(`${path} is not there.`)
    files.push([`ledger/${path}`, bytes])
    tell({ kind: 'progress', done: index + 1, size: paths.length })
  }
  tell({ kind: 'archive', bytes: archive(files) })
}
