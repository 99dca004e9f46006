import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from './bytes.ts'
import { createFrontier, emptyRoot, hashBytes, hashLeaf, hashNode } from './merkle.ts'
import { sha256 } from './sha256.ts'

/** RFC 6962 §2.1, word for word. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (!only) return sha256(new Uint8Array())
  if (leaves.length === 1) return sha256(Buffer.concat([Buffer.of(0), only]))
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha256(Buffer.concat([Buffer.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k))]))
}

function grow(leaves: readonly Uint8Array[], ...rest: [saved?: Parameters<typeof createFrontier>[1]]) {
  const frontier = createFrontier(sha256, ...rest)
  for (const leaf of leaves) frontier.push(hashLeaf(sha256, leaf))
  return frontier
}

describe('the tree', () => {
  // https://github.com/google/certificate-transparency/blob/master/test/testdata (the inputs every CT log is tested with)
  it.each([
    ['', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    ['00', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    ['10', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    ['2021', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
    ['3031', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
    ['40414243', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
    ['5051525354555657', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
    ['606162636465666768696a6b6c6d6e6f', '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('has the published root after leaf "%s"', (upTo, root) => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
    const leaves = inputs.slice(0, inputs.indexOf(upTo) + 1).map((hex) => Buffer.from(hex, 'hex'))
    expect(toHex(grow(leaves).root())).toBe(root)
  })

  it('is the hash of nothing when it is empty', () => {
    expect(toHex(createFrontier(sha256).root())).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
    expect(emptyRoot(sha256)).toEqual(createFrontier(sha256).root())
  })

  it('has the root RFC 6962 defines, for every list of leaves', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 300 }), (leaves) => {
        expect(toHex(grow(leaves).root())).toBe(toHex(mth(leaves)))
      }),
      { numRuns: 60 },
    )
  })

  it('goes on from where it was saved, at every size', () => {
    const leaves = Array.from({ length: 70 }, (_, at) => Buffer.of(at))
    const whole = toHex(grow(leaves).root())
    for (let at = 0; at <= leaves.length; at += 1) {
      const saved = grow(leaves.slice(0, at)).save()
      expect(saved.size).toBe(at)
      expect(toHex(grow(leaves.slice(at), saved).root())).toBe(whole)
    }
  })

  it('does not change what was saved', () => {
    const frontier = grow([Buffer.of(1)])
    const saved = frontier.save()
    frontier.push(hashLeaf(sha256, Buffer.of(2)))
    expect(toHex(createFrontier(sha256, saved).root())).toBe(toHex(mth([Buffer.of(1)])))
  })

  it('tells of every complete subtree once, children first', () => {
    const seen: string[] = []
    const frontier = createFrontier(sha256, undefined, (level, index) => seen.push(`${level}/${index}`))
    for (let at = 0; at < 5; at += 1) frontier.push(hashLeaf(sha256, Buffer.of(at)))
    expect(seen).toEqual(['0/0', '0/1', '1/0', '0/2', '0/3', '1/1', '2/0', '0/4'])
  })

  it.each([
    ['a node too many', 1, [new Uint8Array(32), new Uint8Array(32)]],
    ['a node too few', 3, [new Uint8Array(32)]],
    ['a node at the wrong level', 2, [new Uint8Array(32)]],
    ['a node that is no hash', 1, [new Uint8Array(31)]],
    ['no size', Number.NaN, []],
  ])('refuses to go on from a frontier with %s', (_, size, nodes) => {
    expect(() => createFrontier(sha256, { size, nodes })).toThrow(
      expect.objectContaining({ code: 'ERR_LEDGER_BROKEN' }),
    )
  })

  it('never takes a node for a leaf', () => {
    const [left, right] = [hashLeaf(sha256, Buffer.of(1)), hashLeaf(sha256, Buffer.of(2))]
    expect(left).toHaveLength(hashBytes)
    expect(hashLeaf(sha256, Buffer.concat([left, right]))).not.toEqual(hashNode(sha256, left, right))
  })
})
