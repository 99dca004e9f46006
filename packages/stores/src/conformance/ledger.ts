import {
  createFrontier,
  createTreeReader,
  emptyRoot,
  hashLeaf,
  sha256,
  type Store,
  tileWidth,
  widthOf,
} from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { founded } from './facts.ts'
import { type OpenStore, stage } from './stage.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The root as anyone computes it who has read every leaf. */
async function rootOfLeaves(store: Store, size: number): Promise<string> {
  const tree = createFrontier(sha256)
  while (tree.size < size) {
    const leaves = await store.ledger.leaves(tree.size, Math.min(100, size - tree.size))
    if (leaves.length === 0) throw new Error(`the leaves end at ${tree.size} of ${size}`)
    for (const leaf of leaves) tree.push(hashLeaf(sha256, leaf))
  }
  return hex(tree.root())
}

export function ledger(open: OpenStore): void {
  describe('ledger (P11)', () => {
    const scene = stage(open)
    const grow = async (count: number) => {
      for (let rest = count; rest > 0; rest -= 100) {
        await scene.store.commit({ facts: Array.from({ length: Math.min(100, rest) }, founded) })
      }
    }

    it('begins as the empty tree', async () => {
      const { size, root } = await scene.store.ledger.head()
      expect([size, hex(root)]).toEqual([0, hex(emptyRoot(sha256))])
      expect(await scene.store.ledger.leaves(0, 10)).toEqual([])
    })

    it.each([1, 2, 4, 250, 5, 38, 300])(
      'has the root of its leaves and of its tiles, %i leaves later',
      async (more) => {
        const { ledger: tree } = scene.store
        const before = await tree.head()
        await grow(more)
        const { size, root } = await tree.head()
        expect(size).toBe(before.size + more)
        expect(hex(root)).toBe(await rootOfLeaves(scene.store, size))
        const reader = createTreeReader(sha256, (...tile) => tree.tile(...tile), size)
        expect(hex(await reader.range(0, size))).toBe(hex(root))
        if (before.size > 0) expect(hex(await reader.range(0, before.size))).toBe(hex(before.root))
      },
    )

    it('has in each tile the hashes of the level below, also in a part of it', async () => {
      const { ledger: tree } = scene.store
      const { size } = await tree.head()
      expect(widthOf(size, 1, 0)).toBeGreaterThan(1)
      const [first, second] = [await tree.tile(0, 0, tileWidth), await tree.tile(0, 1, tileWidth)]
      const above = await tree.tile(1, 0, 2)
      expect(first.length).toBe(tileWidth * 32)
      expect(hex(await tree.tile(0, 1, 7))).toBe(hex(second.subarray(0, 7 * 32)))
      for (const [place, tile] of [first, second].entries()) {
        const part = createFrontier(sha256)
        for (let at = 0; at < tileWidth; at += 1) part.push(tile.subarray(at * 32, at * 32 + 32))
        expect(hex(above.subarray(place * 32, place * 32 + 32))).toBe(hex(part.root()))
      }
    })

    it('gives leaves from any place, at most as many as asked, each the leaf of the entry there', async () => {
      const { store } = scene
      const { size } = await store.ledger.head()
      const leaves = await store.ledger.leaves(size - 4, 3)
      const entries = await store.journal.read(size - 4, 3)
      const parsed = leaves.map((leaf) => JSON.parse(new TextDecoder().decode(leaf)) as { id: string; time: number })
      expect(parsed.map(({ id, time }) => [id, time])).toEqual(entries.map(({ id, at }) => [id, at]))
      expect(await store.ledger.leaves(size - 1, 10)).toHaveLength(1)
      expect(await store.ledger.leaves(size, 10)).toEqual([])
    })

    it('grows under concurrent commits into one tree', async () => {
      const { store } = scene
      await Promise.all(Array.from({ length: 30 }, () => store.commit({ facts: [founded()] })))
      const { size, root } = await store.ledger.head()
      expect(hex(root)).toBe(await rootOfLeaves(store, size))
    })

    it('keeps the newest checkpoint, whatever order they come in', async () => {
      const { ledger: tree } = scene.store
      expect(tree.origin).not.toBe('')
      expect(await tree.checkpoint()).toBeUndefined()
      await tree.saveCheckpoint('at three\n', 3)
      await tree.saveCheckpoint('at seven\n', 7)
      await tree.saveCheckpoint('at five\n', 5)
      expect(await tree.checkpoint()).toBe('at seven\n')
      await tree.saveCheckpoint('at seven, cosigned\n', 7)
      expect(await tree.checkpoint()).toBe('at seven, cosigned\n')
    })
  })
}
