/**
 * Which part of a graph is drawn: a few to begin with, and what is opened from there. Pure.
 *
 * @module
 */
import type { LineageView } from '@countersign/schema'

type Graph = Pick<LineageView, 'nodes' | 'edges'>

/** So many can be read at a glance. */
const atFirst = 16

/** The nearest ones: they come first. */
export const first = ({ nodes }: Graph): ReadonlySet<number> =>
  new Set(nodes.slice(0, atFirst).map((_, index) => index))

export const all = ({ nodes }: Graph): ReadonlySet<number> => new Set(nodes.keys())

/** What a node is connected to and is not drawn yet. */
export function beyond({ edges }: Graph, shown: ReadonlySet<number>, node: number): number[] {
  const near = edges.flatMap(({ from, to }) => (from === node ? [to] : to === node ? [from] : []))
  return [...new Set(near)].filter((other) => !shown.has(other))
}

/** The edges between what is drawn. */
export const drawn = ({ edges }: Graph, shown: ReadonlySet<number>) =>
  edges.filter(({ from, to }) => shown.has(from) && shown.has(to))

/** Columns of one node, as the newest run along each of its edges named them. */
export function columnsOf({ edges }: Graph, node: number): string[] {
  const named = edges.flatMap(({ from, to, newest }) => [
    ...(from === node ? (newest?.fromColumns ?? []) : []),
    ...(to === node ? (newest?.toColumns ?? []) : []),
  ])
  return [...new Set(named)].toSorted()
}

/** From here on Countersign does not count on. */
const mostCounted = 5_000

export const orMore = (number: number): string =>
  number >= mostCounted ? '5,000 or more' : number.toLocaleString('en-US')
