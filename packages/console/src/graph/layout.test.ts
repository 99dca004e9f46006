import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Box, capped, type Direction, fitted, layout } from './layout.ts'

const middle: Box = { kind: 'action', name: 'data.export' }
const some = (count: number): Box[] =>
  Array.from({ length: count }, (_, index) => ({ kind: 'dataset', name: `d${index}` }))
const counts = fc.nat(60)

describe('the graph of data', () => {
  it.each<Direction>(['across', 'down'])(
    '%s: holds at most 20 boxes inside its frame, and none lies on another',
    (direction) => {
      fc.assert(
        fc.property(counts, counts, (from, to) => {
          const { boxes, width, height } = layout({ from: some(from), middle, to: some(to) }, direction)
          expect(boxes.length).toBeLessThanOrEqual(20)
          for (const [index, box] of boxes.entries()) {
            expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height).toBe(true)
            for (const other of boxes.slice(index + 1)) {
              const apart =
                box.x + box.width <= other.x ||
                other.x + other.width <= box.x ||
                box.y + box.height <= other.y ||
                other.y + other.height <= box.y
              expect(apart).toBe(true)
            }
          }
        }),
      )
    },
  )

  it('counts what it does not draw, and stays alarmed about it', () => {
    const boxes = [...some(11), { kind: 'destination', name: 'x', alarming: true } as const]
    expect(capped(boxes, 10, 'sources').at(-1)).toEqual({
      kind: 'beyond',
      name: '3 more sources',
      note: 'listed below',
      alarming: true,
    })
    expect(capped(some(10), 10, 'sources')).toHaveLength(10)
  })

  it('draws an arrow from each source and to each place', () => {
    expect(layout({ from: some(3), middle, to: some(2) }, 'across').arrows).toHaveLength(5)
    expect(layout({ from: some(3), middle, to: some(2) }, 'down').arrows).toHaveLength(2)
    expect(layout({ from: [], middle, to: [] }, 'down').arrows).toHaveLength(0)
  })

  it('cuts a long name in its middle', () => {
    expect(fitted('finance.orders', 210)).toBe('finance.orders')
    expect(fitted('warehouse.finance.orders.2026.partition', 210)).toMatch(/^warehouse\S*…\S*partition$/)
  })
})
