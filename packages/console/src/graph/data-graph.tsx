import { type Direction, fitted, layout, type Graph } from './layout.ts'
import { signs } from './signs.ts'

/** Drawn twice, for a desk and for a phone; the style sheet shows one. What it says stands in words beside it. */
export function DataGraph({ graph, label }: { graph: Graph; label: string }) {
  return (
    <figure className="drawing">
      <Drawing graph={graph} label={label} direction="across" />
      <Drawing graph={graph} label={label} direction="down" />
    </figure>
  )
}

function Drawing({ graph, label, direction }: { graph: Graph; label: string; direction: Direction }) {
  const { width, height, boxes, arrows } = layout(graph, direction)
  return (
    <svg
      className={direction}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      {arrows.map(({ path }) => (
        <g className="arrow" key={path}>
          <path d={path} />
          <path d={headOf(path, direction)} />
        </g>
      ))}
      {boxes.map(({ kind, name, note, alarming, x, y, width: wide, height: tall }) => (
        <g className={`box ${kind}${alarming ? ' alarming' : ''}`} transform={`translate(${x} ${y})`} key={`${x} ${y}`}>
          <title>{note === undefined ? name : `${name}: ${note}`}</title>
          <rect width={wide} height={tall} rx="8" />
          <path className="sign" d={signs[kind]} transform="translate(10 14) scale(.75)" />
          <text x="36" y={note === undefined ? 28 : 20}>
            {fitted(name, wide)}
          </text>
          {note !== undefined && (
            <text className="note" x="36" y="36">
              {alarming ? `⚠ ${fitted(note, wide - 12, 'note')}` : fitted(note, wide, 'note')}
            </text>
          )}
        </g>
      ))}
    </svg>
  )
}

/** The head of an arrow, at the end of its path. */
function headOf(path: string, direction: Direction): string {
  if (direction === 'across') {
    const [x, y] = path.split(' ').slice(-2).map(Number)
    return `M${(x ?? 0) - 6} ${(y ?? 0) - 4}L${x} ${y}L${(x ?? 0) - 6} ${(y ?? 0) + 4}`
  }
  const [, x, y] = /^M([\d.]+) [\d.]+V([\d.]+)$/.exec(path)?.map(Number) ?? []
  return `M${(x ?? 0) - 4} ${(y ?? 0) - 6}L${x} ${y}L${(x ?? 0) + 4} ${(y ?? 0) - 6}`
}
