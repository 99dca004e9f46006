import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeUtf8 } from './bytes.ts'
import { createFrontier, hashLeaf } from './merkle.ts'
import { verifyConsistency, verifyInclusion } from './proofs.ts'
import { consistencyProof, inclusionProof } from './prove.ts'
import { publish, tileSource } from './sample-files.ts'
import { sha256 } from './sha256.ts'
import { createLogKey, createSigner } from './signer.ts'

const most = 70_000
const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 200, 255, 256, 257, 300, 511, 512, 513, 600]

describe('proofs', () => {
  const leaves = Array.from({ length: most }, (_, at) => encodeUtf8(`leaf ${at}`))
  const hashes = leaves.map((leaf) => hashLeaf(sha256, leaf))
  const roots: Uint8Array[] = []
  let source: ReturnType<typeof tileSource>

  beforeAll(async () => {
    const frontier = createFrontier(sha256)
    for (const hash of hashes) {
      if (frontier.size <= 600) roots.push(frontier.root())
      frontier.push(hash)
    }
    roots[most] = frontier.root()
    source = tileSource(await publish(leaves, createSigner('countersign.test/default', createLogKey())), most)
  })

  const hashAt = (index: number) => hashes[index] ?? new Uint8Array()
  const rootOf = (size: number) => roots[size] ?? new Uint8Array()
  const include = async (index: number, size: number) => ({
    leafHash: hashAt(index),
    index,
    size,
    proof: await inclusionProof(sha256, source, index, size),
    root: rootOf(size),
  })
  const connect = async (from: number, to: number) => ({
    from,
    to,
    fromRoot: rootOf(from),
    toRoot: rootOf(to),
    proof: await consistencyProof(sha256, source, from, to),
  })

  it('show every leaf of every tree, and nothing else: over 5,000 altered ones fail', async () => {
    let refused = 0
    for (const size of sizes) {
      for (let index = 0; index < size; index += size > 50 ? 7 : 1) {
        const honest = await include(index, size)
        expect(verifyInclusion(sha256, honest)).toBe(true)
        for (const altered of alterations(honest)) {
          expect(verifyInclusion(sha256, altered)).toBe(false)
          refused += 1
        }
      }
    }
    expect(refused).toBeGreaterThan(5_000)
  })

  it('connect every two trees, and nothing else: over 3,000 altered ones fail', async () => {
    let refused = 0
    for (const to of sizes) {
      for (let from = 0; from <= to; from += to > 50 ? 11 : 1) {
        const honest = await connect(from, to)
        expect(verifyConsistency(sha256, honest)).toBe(true)
        for (const altered of alteredConnections(honest)) {
          expect(verifyConsistency(sha256, altered)).toBe(false)
          refused += 1
        }
      }
    }
    expect(refused).toBeGreaterThan(3_000)
  })

  it('reach through three levels of tiles', async () => {
    for (const index of [0, 255, 256, 65_535, 65_536, most - 1]) {
      expect(verifyInclusion(sha256, await include(index, most))).toBe(true)
    }
    for (const from of [1, 255, 256, 600]) expect(verifyConsistency(sha256, await connect(from, most))).toBe(true)
  })

  it('never throw, whatever they are asked', () => {
    const number = fc.oneof(fc.integer(), fc.double(), fc.maxSafeNat())
    const bytes = fc.oneof(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 40 }))
    fc.assert(
      fc.property(number, number, bytes, bytes, fc.array(bytes, { maxLength: 60 }), (one, other, leaf, root, proof) => {
        expect(verifyInclusion(sha256, { index: one, size: other, leafHash: leaf, root, proof })).toBe(false)
        if (one === other || one === 0) return
        expect(verifyConsistency(sha256, { from: one, to: other, fromRoot: leaf, toRoot: root, proof })).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })

  it('work for sizes beyond 32 bits', () => {
    const [size, proof] = [2 ** 52, Array.from({ length: 52 }, (_, at) => hashAt(at))]
    let root = hashAt(99)
    for (const node of proof) root = sha256(Buffer.concat([Buffer.of(1), node, root]))
    const last = { leafHash: hashAt(99), index: size - 1, size, proof, root }
    expect(verifyInclusion(sha256, last)).toBe(true)
    expect(verifyInclusion(sha256, { ...last, index: size - 2 ** 32 - 1 })).toBe(false)
  })

  it.each([
    [-1, 5],
    [5, 5],
    [0, 0],
    [1.5, 5],
  ])('are not made for leaf %d of %d', async (index, size) => {
    await expect(inclusionProof(sha256, source, index, size)).rejects.toMatchObject({ code: 'ERR_INPUT_INVALID' })
  })

  it('are not made from tiles that are cut short', async () => {
    const short = async () => new Uint8Array(31)
    await expect(inclusionProof(sha256, short, 0, 5)).rejects.toMatchObject({ code: 'ERR_LEDGER_BROKEN' })
  })
})

type Shown = Parameters<typeof verifyInclusion>[1]
type Connected = Parameters<typeof verifyConsistency>[1]

function alterations(honest: Shown): Shown[] {
  const { index, size, proof, root, leafHash } = honest
  return [
    ...proof.map((_, at) => ({ ...honest, proof: flipped(proof, at) })),
    { ...honest, proof: [...proof, root] },
    { ...honest, leafHash: flip(leafHash) },
    { ...honest, root: flip(root) },
    { ...honest, index: size },
    { ...honest, index: -1 },
    { ...honest, index: index + 0.5 },
    { ...honest, size: index },
    ...(proof.length > 0
      ? [
          { ...honest, proof: proof.slice(1) },
          { ...honest, index: index === 0 ? 1 : index - 1 },
        ]
      : []),
    ...(proof.length > 1 ? [{ ...honest, proof: proof.toReversed() }] : []),
  ]
}

function alteredConnections(honest: Connected): Connected[] {
  const { from, to, proof, fromRoot, toRoot } = honest
  return [
    ...proof.map((_, at) => ({ ...honest, proof: flipped(proof, at) })),
    { ...honest, proof: [...proof, toRoot] },
    { ...honest, fromRoot: flip(fromRoot) },
    ...(from > 0 ? [{ ...honest, toRoot: flip(toRoot) }] : []),
    { ...honest, from: to + 1 },
    { ...honest, from: -1 },
    ...(proof.length > 0
      ? [
          { ...honest, proof: proof.slice(1) },
          { ...honest, proof: [] },
        ]
      : []),
    ...(from > 1 && from < to ? [{ ...honest, from: from - 1 }] : []),
  ]
}

function flip(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[0] = (copy[0] ?? 0) ^ 1
  return copy
}

const flipped = (proof: readonly Uint8Array[], at: number): Uint8Array[] =>
  proof.map((node, index) => (index === at ? flip(node) : node))
