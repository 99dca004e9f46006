/**
 * Where things stand in a graph of data: what it comes from, what happens, where it goes. Pure; units are SVG units.
 *
 * @module
 */
export type BoxKind = 'dataset' | 'model' | 'destination' | 'agent' | 'action' | 'beyond'

export interface Box {
  readonly kind: BoxKind
  readonly name: string
  /** A second line: classes, or what it is. */
  readonly note?: string
  /** Draws the eye: unknown, outside. The note says why. */
  readonly alarming?: boolean
}

export interface Placed extends Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Arrow {
  readonly path: string
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly Placed[]
  readonly arrows: readonly Arrow[]
}

export interface Graph {
  readonly from: readonly Box[]
  readonly middle: Box
  readonly to: readonly Box[]
}

/** `across` for a desk, `down` for a phone. */
export type Direction = 'across' | 'down'

/** With the middle, at most 20 boxes, the ones that count the rest included. */
const mostFrom = 10
const mostTo = 9

const height = 46
const gap = 12
const across = { width: 660, box: 212, middle: 150 }
const down = { width: 342, gap: 34 }

export function layout(graph: Graph, direction: Direction): Layout {
  const from = capped(graph.from, mostFrom, 'sources')
  const to = capped(graph.to, mostTo, 'places')
  return direction === 'across' ? sideBySide(from, graph.middle, to) : stacked(from, graph.middle, to)
}

/** The first ones, and in the last place how many more there are: no box vanishes without being counted. */
export function capped(boxes: readonly Box[], most: number, what: string): Box[] {
  if (boxes.length <= most) return [...boxes]
  const rest = boxes.slice(most - 1)
  const alarming = rest.some((box) => box.alarming)
  const beyond: Box = { kind: 'beyond', name: `${rest.length} more ${what}`, note: 'listed below', alarming }
  return [...boxes.slice(0, most - 1), beyond]
}

function sideBySide(from: readonly Box[], middle: Box, to: readonly Box[]): Layout {
  const rows = Math.max(from.length, to.length, 1)
  const tall = rows * (height + gap) - gap
  const column = (boxes: readonly Box[], x: number, width: number): Placed[] => {
    const top = (tall - (boxes.length * (height + gap) - gap)) / 2
    return boxes.map((box, index) => ({ ...box, x, y: 1 + top + index * (height + gap), width, height }))
  }
  const left = column(from, 1, across.box)
  const right = column(to, across.width - across.box - 1, across.box)
  const [centre] = column([middle], (across.width - across.middle) / 2, across.middle)
  if (!centre) return { width: 0, height: 0, boxes: [], arrows: [] }
  return {
    width: across.width,
    height: tall + 2,
    boxes: [...left, centre, ...right],
    arrows: [
      ...left.map((box) => curve(right_(box), left_(centre))),
      ...right.map((box) => curve(right_(centre), left_(box))),
    ],
  }
}

function stacked(from: readonly Box[], middle: Box, to: readonly Box[]): Layout {
  const boxes: Placed[] = []
  const arrows: Arrow[] = []
  let y = 1
  for (const group of [from, [middle], to]) {
    if (group.length === 0) continue
    if (boxes.length > 0) {
      arrows.push({ path: `M${down.width / 2} ${y - gap + 4}V${y - gap + down.gap - 6}` })
      y += down.gap - gap
    }
    for (const box of group) {
      boxes.push({ ...box, x: 1, y, width: down.width - 2, height })
      y += height + gap
    }
  }
  return { width: down.width, height: y - gap + 1, boxes, arrows }
}

const right_ = ({ x, y, width }: Placed) => ({ x: x + width + 2, y: y + height / 2 })
const left_ = ({ x, y }: Placed) => ({ x: x - 4, y: y + height / 2 })

function curve(start: { x: number; y: number }, end: { x: number; y: number }): Arrow {
  const half = (end.x - start.x) / 2
  return { path: `M${start.x} ${start.y}C${start.x + half} ${start.y} ${end.x - half} ${end.y} ${end.x} ${end.y}` }
}

/** What a letter takes at most, on average, in the two sizes of the graph. */
const letter = { name: 7.4, note: 6.6 }

/** Cut in the middle, because names differ at their ends. The whole name always stands in the list below. */
export function fitted(name: string, widthUnits: number, as: keyof typeof letter = 'name'): string {
  const most = Math.floor((widthUnits - 44) / letter[as])
  if (name.length <= most) return name
  const half = Math.floor((most - 1) / 2)
  return `${name.slice(0, half)}…${name.slice(-half)}`
}
