import { canonical, createFrontier, encodeCheckpoint, hashLeaf, type LedgerSource } from '@countersign/core/verify'
import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { proveEntries, type Shown } from './entry-proof.ts'
import { browserParts } from './parts.ts'
import { sha256 } from './sha256.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const origin = 'countersign.example/default'
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
// https://c2sp.org/signed-note#format
const keyId = sha256(Buffer.concat([encode(`${origin}\n`), Buffer.of(1), raw])).subarray(0, 4)
const vkey = `${origin}+${Buffer.from(keyId).toString('hex')}+${Buffer.concat([Buffer.of(1), raw]).toString('base64')}`

const leaf = (place: number) =>
  encode(
    canonical({
      v: 1,
      id: `ent_${place}`,
      type: 'action.decided',
      time: 1_000 + place,
      tenant: 'default',
      stream: `action/${place}`,
      payload: 'p',
    }),
  )
const shown = (index: number, over: Partial<Shown> = {}): Shown => ({
  index,
  id: `ent_${index}`,
  type: 'action.decided',
  at: 1_000 + index,
  ...over,
})

/** A ledger of a few entries as an instance serves it; `over` puts other files in their places. */
function serve(count: number, over: Readonly<Record<string, Uint8Array>> = {}): LedgerSource {
  const leaves = Array.from({ length: count }, (_, place) => leaf(place))
  const tree = createFrontier(sha256)
  const hashes = leaves.map((each) => hashLeaf(sha256, each))
  for (const hash of hashes) tree.push(hash)
  const text = encodeCheckpoint({ origin, size: count, root: tree.root() })
  const signature = Buffer.concat([keyId, sign(null, encode(text), privateKey)]).toString('base64')
  const files: Readonly<Record<string, Uint8Array>> = {
    checkpoint: encode(`${text}\n— ${origin} ${signature}\n`),
    [`tile/0/000.p/${count}`]: Buffer.concat(hashes),
    [`tile/entries/000.p/${count}`]: Buffer.concat(
      leaves.flatMap((each) => [Buffer.of(each.length >> 8, each.length & 255), each]),
    ),
    ...over,
  }
  return { read: async (path) => files[path] }
}

const prove = (source: LedgerSource, ...entries: readonly Shown[]) => proveEntries(source, browserParts, vkey, entries)

describe('an entry that a page shows (P11)', () => {
  it('is proven at its place under the signed head, or waits for the next one', async () => {
    const proofs = await prove(serve(7), shown(0), shown(6), shown(7))
    expect(proofs).toEqual([
      { kind: 'proven', size: 7 },
      { kind: 'proven', size: 7 },
      { kind: 'not-yet', size: 7 },
    ])
  })

  it.each<[string, Partial<Shown>, string]>([
    ['is another one', { id: 'ent_other' }, 'Another entry'],
    ['is of another kind', { type: 'action.finished' }, 'action.decided'],
    ['was at another time', { at: 5 }, 'another time'],
  ])('is not believed when the ledger says that it %s', async (_, over, says) => {
    expect(await prove(serve(7), shown(3, over))).toEqual([{ kind: 'broken', says: expect.stringContaining(says) }])
  })

  it('is not believed when the served entry is not under the head', async () => {
    const altered = leaf(9)
    const bundle = Buffer.concat(Array.from({ length: 7 }, () => [Buffer.of(0, altered.length), altered]).flat())
    const source = serve(7, { 'tile/entries/000.p/7': bundle })
    expect(await prove(source, shown(9, { index: 3 }))).toMatchObject([{ kind: 'broken' }])
  })

  it('is not checked against a head that the key did not sign', async () => {
    const checkpoint = new TextDecoder().decode((await serve(7).read('checkpoint')) ?? new Uint8Array())
    const source = serve(7, { checkpoint: encode(checkpoint.replace('\n7\n', '\n6\n')) })
    await expect(prove(source, shown(3))).rejects.toMatchObject({ code: 'ERR_LEDGER_BROKEN' })
  })
})
