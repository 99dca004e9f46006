import { byPerson } from '@countersign/schema'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeOf, createRig, type Rig } from '../rig/rig.ts'
import { parseTile } from './tiles.ts'

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
/** RFC 6962 §2.1, written down as it stands there. */
const leafHash = (leaf: Uint8Array) => sha256(Buffer.of(0), leaf)
function treeHash(hashes: readonly Buffer[]): Buffer {
  if (hashes.length <= 1) return hashes[0] ?? sha256()
  let half = 1
  while (half * 2 < hashes.length) half *= 2
  return sha256(Buffer.of(1), treeHash(hashes.slice(0, half)), treeHash(hashes.slice(half)))
}

let rig: Rig
const size = 600
beforeAll(async () => {
  rig = await createRig()
  const facts = Array.from({ length: size }, (_, index) => ({
    kind: 'record.read' as const,
    by: byPerson('per_1'),
    what: 'actions',
    query: `${index}`,
  }))
  await rig.store.commit({ facts })
})
afterAll(() => rig.close())

const bytesOf = async (path: string) => Buffer.from(await (await rig.call(path)).arrayBuffer())

/** Entries out of a bundle, https://c2sp.org/tlog-tiles#log-entries. */
function unbundle(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = []
  for (let at = 0; at < bundle.length;) {
    const length = bundle.readUInt16BE(at)
    entries.push(bundle.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return entries
}

describe('tiles (P11, https://c2sp.org/tlog-tiles)', () => {
  it('rebuild the root from entries alone, and every tile from them', async () => {
    const bundles = ['000', '001', '002.p/88'].map((path) => bytesOf(`/ledger/tile/entries/${path}`))
    const hashes = (await Promise.all(bundles)).flatMap(unbundle).map(leafHash)
    expect(hashes).toHaveLength(size)
    const { root } = await rig.store.ledger.head()
    expect(treeHash(hashes)).toEqual(Buffer.from(root))

    expect(await bytesOf('/ledger/tile/0/001')).toEqual(Buffer.concat(hashes.slice(256, 512)))
    expect(await bytesOf('/ledger/tile/0/002.p/88')).toEqual(Buffer.concat(hashes.slice(512)))
    expect(await bytesOf('/ledger/tile/0/000.p/7')).toEqual(Buffer.concat(hashes.slice(0, 7)))
    const above = [hashes.slice(0, 256), hashes.slice(256, 512)].map(treeHash)
    expect(await bytesOf('/ledger/tile/1/000.p/2')).toEqual(Buffer.concat(above))
  })

  it('may be kept for ever when full, and not when partial', async () => {
    const cache = async (path: string) => (await rig.call(path)).headers.get('cache-control')
    expect(await cache('/ledger/tile/0/000')).toBe('public, max-age=31536000, immutable')
    expect(await cache('/ledger/tile/entries/000')).toBe('public, max-age=31536000, immutable')
    expect(await cache('/ledger/tile/0/002.p/88')).toBe('public, max-age=300')
    expect(await cache('/ledger/checkpoint')).toBe('no-store')
  })

  it.each([
    '0/002',
    '0/002.p/89',
    '0/003.p/1',
    '1/000',
    '1/000.p/3',
    '2/000.p/1',
    'entries/002',
    'entries/003.p/1',
    '0/0',
    '0/000.p/0',
    '0/000.p/256',
    '0/000.p/01',
    '0/x000/000',
    '0/1000',
    '6/000',
    '-1/000',
    '0/000/',
    '0/..%2f000',
    '',
  ])('%s is not there', async (path) => {
    const response = await rig.call(`/ledger/tile/${path}`)
    expect([response.status, await codeOf(response)]).toEqual([404, 'ERR_NOT_FOUND'])
  })

  it.each<[string, ReturnType<typeof parseTile>]>([
    ['0/000', { level: 0, index: 0, width: 256 }],
    ['5/x001/x234/067', { level: 5, index: 1_234_067, width: 256 }],
    ['entries/x001/000.p/255', { level: 'entries', index: 1000, width: 255 }],
    ['0/x001/x000/000', { level: 0, index: 1_000_000, width: 256 }],
  ])('%s is read as the specification says', (path, tile) => {
    expect(parseTile(path)).toEqual(tile)
  })
})

describe('the head', () => {
  it('is served as the signed note, once there is one', async () => {
    expect((await rig.call('/ledger/checkpoint')).status).toBe(404)
    const note = 'memory/default\n600\nAAAA\n\n— countersign AAAA\n'
    await rig.store.ledger.saveCheckpoint(note, size)
    expect(await (await rig.call('/ledger/checkpoint')).text()).toBe(note)
    expect((await rig.call('/ledger/checkpoint')).headers.get('cache-control')).toBe('no-cache')
    const auditor = await rig.cookieOf(await rig.person('auditor', { roles: ['auditor'] }))
    const head = await (await rig.get('/api/ledger', auditor)).json()
    expect(head).toMatchObject({ state: 'unanchored', size: size + 1, checkpoint: note, vkey: rig.parts.vkey })
  })

  it('is for people of Countersign alone where it is not open', async () => {
    const closed = await createRig({ ledgerOpen: false })
    expect((await closed.call('/ledger/vkey')).status).toBe(401)
    expect((await closed.get('/ledger/vkey', await closed.cookieOf(await closed.person('x')))).status).toBe(200)
    await closed.close()
  })
})
