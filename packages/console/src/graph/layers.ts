/**
 * Where things stand in a graph that flows from left to right. Pure; units are SVG units.
 *
 * Layers by longest path, order within a layer by barycentres: a few milliseconds for a thousand nodes.
 *
 * @module
 */
export type Edge = readonly [from: number, to: number]

export interface Spot {
  readonly x: number
  readonly y: number
}

export interface Words extends Spot {
  readonly anchor: 'start' | 'middle' | 'end'
}

export interface Layered {
  readonly width: number
  readonly height: number
  /** The upper left corner of each node. */
  readonly spots: readonly Spot[]
  /** For each edge its path, and where words about it may stand. */
  readonly paths: readonly { readonly path: string; readonly words: Words }[]
}

export const box = { width: 188, height: 46 }
const between = { x: 132, y: 14 }
const margin = 2
const sweeps = 8
/** Room for what flows backwards, below the boxes that it connects. */
const below = 34

export function layered(count: number, edges: readonly Edge[]): Layered {
  const layerOf = layersOf(count, edges)
  const layers = ordered(layerOf, edges)
  const tall = Math.max(0, ...layers.map((layer) => heightOf(layer.length)))
  const spots: Spot[] = []
  for (const [column, layer] of layers.entries()) {
    const top = margin + (tall - heightOf(layer.length)) / 2
    for (const [row, node] of layer.entries()) {
      spots[node] = { x: margin + column * (box.width + between.x), y: top + row * (box.height + between.y) }
    }
  }
  const backwards = edges.some(([from, to]) => !(layerAt(layerOf, to) > layerAt(layerOf, from)))
  return {
    width: Math.max(0, layers.length * (box.width + between.x) - between.x) + 2 * margin,
    height: tall + 2 * margin + (backwards ? below : 0),
    spots,
    paths: edges.map((edge) => {
      const [from, to] = [spots[edge[0]] ?? origin, spots[edge[1]] ?? origin]
      return pathOf(from, to, anchorOf(edge, edges))
    }),
  }
}

const origin: Spot = { x: 0, y: 0 }
const heightOf = (rows: number): number => rows * (box.height + between.y) - between.y
const layerAt = (layers: readonly number[], node: number): number => layers[node] ?? 0

/** Every node right of what it comes from; what closes a circle is left out of account. */
function layersOf(count: number, edges: readonly Edge[]): number[] {
  const { order, forward } = sorted(count, edges)
  const layers = Array.from({ length: count }, () => 0)
  for (const node of order) {
    for (const [from, to] of forward.get(node) ?? [])
      layers[to] = Math.max(layerAt(layers, to), layerAt(layers, from) + 1)
  }
  // What nothing leads to stands right before what it leads to.
  const reached = new Set([...forward.values()].flat().map(([, to]) => to))
  for (const node of order) {
    const next = (forward.get(node) ?? []).map(([, to]) => layerAt(layers, to))
    if (!reached.has(node) && next.length > 0) layers[node] = Math.min(...next) - 1
  }
  const first = Math.min(0, ...layers)
  return layers.map((layer) => layer - first)
}

/** Topological order, and the edges that keep to it. */
function sorted(count: number, edges: readonly Edge[]) {
  const out = new Map<number, Edge[]>()
  for (const edge of edges) out.set(edge[0], [...(out.get(edge[0]) ?? []), edge])
  const state: ('new' | 'open' | 'done')[] = Array.from({ length: count }, () => 'new')
  const forward = new Map<number, Edge[]>()
  const order: number[] = []
  const visit = (node: number): void => {
    state[node] = 'open'
    const kept = (out.get(node) ?? []).filter(([, to]) => {
      if (state[to] === 'new') visit(to)
      return state[to] === 'done'
    })
    forward.set(node, kept)
    state[node] = 'done'
    order.unshift(node)
  }
  for (let node = 0; node < count; node += 1) if (state[node] === 'new') visit(node)
  return { order, forward }
}

/** Neighbours side by side, by the mean place of what each node is connected to. */
function ordered(layerOf: readonly number[], edges: readonly Edge[]): number[][] {
  const layers: number[][] = []
  for (const [node, layer] of layerOf.entries()) (layers[layer] ??= []).push(node)
  const near = new Map<number, number[]>()
  for (const [from, to] of edges) {
    if (layerAt(layerOf, from) === layerAt(layerOf, to)) continue
    near.set(from, [...(near.get(from) ?? []), to])
    near.set(to, [...(near.get(to) ?? []), from])
  }
  const rank = new Map<number, number>()
  const settle = (layer: readonly number[]) => layer.forEach((node, row) => rank.set(node, (row + 0.5) / layer.length))
  layers.forEach(settle)
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const turn = sweep % 2 === 0 ? [...layers.keys()] : [...layers.keys()].toReversed()
    for (const column of turn) {
      const mean = new Map(
        layers[column]?.map((node) => {
          const around = near.get(node) ?? [node]
          return [node, around.reduce((sum, other) => sum + (rank.get(other) ?? 0), 0) / around.length]
        }),
      )
      const layer = (layers[column] ?? []).toSorted((one, other) => (mean.get(one) ?? 0) - (mean.get(other) ?? 0))
      layers[column] = layer
      settle(layer)
    }
  }
  return Array.from(layers, (layer) => layer ?? [])
}

/** Words stand where an arrow is alone: at its head where many part, at its foot where many meet. */
function anchorOf([from, to]: Edge, edges: readonly Edge[]): Words['anchor'] {
  const parting = edges.filter((edge) => edge[0] === from).length
  const meeting = edges.filter((edge) => edge[1] === to).length
  return parting > meeting ? 'end' : meeting > parting ? 'start' : 'middle'
}

function pathOf(from: Spot, to: Spot, anchor: Words['anchor']): Layered['paths'][number] {
  if (to.x > from.x) {
    const start = { x: from.x + box.width, y: from.y + box.height / 2 }
    const end = { x: to.x - 3, y: to.y + box.height / 2 }
    const half = Math.max(40, (end.x - start.x) / 2)
    const path = `M${start.x} ${start.y}C${start.x + half} ${start.y} ${end.x - half} ${end.y} ${end.x} ${end.y}`
    const at = {
      start: { x: start.x + 8, y: start.y },
      middle: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 },
      end: { x: end.x - 10, y: end.y },
    }
    return { path, words: { ...at[anchor], anchor } }
  }
  const start = { x: from.x + box.width / 2 + 12, y: from.y + box.height }
  const end = { x: to.x + box.width / 2 - 12, y: to.y + box.height + 3 }
  const low = Math.max(start.y, end.y) + below - 6
  const path = `M${start.x} ${start.y}C${start.x} ${low} ${end.x} ${low} ${end.x} ${end.y}`
  return { path, words: { x: (start.x + end.x) / 2, y: low - 6, anchor: 'middle' } }
}
