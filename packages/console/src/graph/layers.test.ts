import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { box, type Edge, layered } from './layers.ts'

const graphs = fc
  .integer({ min: 0, max: 40 })
  .chain((count) =>
    fc.tuple(
      fc.constant(count),
      count === 0
        ? fc.constant<Edge[]>([])
        : fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 80 }),
    ),
  )

describe('the layers of a graph', () => {
  it('hold every node inside the frame, none on another, also where it flows in circles', () => {
    fc.assert(
      fc.property(graphs, ([count, edges]) => {
        const { width, height, spots, paths } = layered(count, edges)
        expect([spots.filter(Boolean).length, paths.length]).toEqual([count, edges.length])
        const inside = spots.every(({ x, y }) => x >= 0 && y >= 0 && x + box.width <= width && y + box.height <= height)
        const apart = spots.every(({ x, y }, index) =>
          spots
            .slice(index + 1)
            .every((other) => Math.abs(x - other.x) >= box.width || Math.abs(y - other.y) >= box.height),
        )
        expect([inside, apart]).toEqual([true, true])
        expect(paths.every(({ path }) => !path.includes('NaN'))).toBe(true)
      }),
    )
  })

  it('flow to the right wherever there is no circle', () => {
    fc.assert(
      fc.property(graphs, ([count, edges]) => {
        const acyclic = edges.filter(([from, to]) => from < to)
        const { spots } = layered(count, acyclic)
        for (const [from, to] of acyclic) expect(spots[to]?.x).toBeGreaterThan(spots[from]?.x ?? 0)
      }),
    )
  })

  it('put side by side what belongs together', () => {
    // Two sources, each with a place of its own, named the other way round.
    const { spots } = layered(4, [
      [0, 3],
      [1, 2],
    ])
    expect(spots[0]?.y).toBe(spots[3]?.y)
    expect(spots[1]?.y).toBe(spots[2]?.y)
  })

  it('put a late source right before what it leads to', () => {
    const { spots } = layered(4, [
      [0, 1],
      [1, 2],
      [3, 2],
    ])
    expect(spots[3]?.x).toBe(spots[1]?.x)
  })
})
