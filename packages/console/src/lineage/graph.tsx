import type { LineageView } from '@countersign/schema'
import { type KeyboardEvent, useLayoutEffect, useRef } from 'react'
import { fitted } from '../graph/layout.ts'
import { box, layered } from '../graph/layers.ts'
import { signs } from '../graph/signs.ts'
import { visibleText } from '@countersign/core/visible'
import { decisionSentence, decisionWord } from './decision.ts'
import { beyond, drawn } from './shown.ts'

/** Beyond this many arrows words would lie on each other; they stand in the list in any case. */
const mostLabels = 40

export function Graph({
  view,
  shown,
  selected,
  onSelect,
}: {
  view: LineageView
  shown: ReadonlySet<number>
  selected: number | undefined
  onSelect(node: number): void
}) {
  const indexes = [...shown].toSorted((one, other) => one - other)
  const rank = new Map(indexes.map((index, row) => [index, row]))
  const edges = drawn(view, shown)
  const { width, height, spots, paths } = layered(
    indexes.length,
    edges.map(({ from, to }) => [rank.get(from) ?? 0, rank.get(to) ?? 0]),
  )
  const frame = useRef<HTMLDivElement>(null)
  // A graph wider than the window begins where the question is.
  useLayoutEffect(() => {
    const itself = frame.current?.querySelector('.itself')?.getBoundingClientRect()
    if (!frame.current || !itself) return
    const { left, width: seen } = frame.current.getBoundingClientRect()
    frame.current.scrollLeft += itself.left + itself.width / 2 - left - seen / 2
  }, [width])
  return (
    <div
      className="scroll"
      tabIndex={0}
      role="group"
      ref={frame}
      aria-label={`Graph of ${view.node.title}, listed below`}
    >
      <svg className="lineage-graph" viewBox={`0 0 ${width} ${height}`} width={width} height={height}>
        <defs>
          <marker id="lineage-head" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M1 1L6.5 4L1 7" />
          </marker>
        </defs>
        {edges.map(({ from, to, newest, times }, index) => {
          const { path, words } = paths[index] ?? { path: '', words: { x: 0, y: 0, anchor: 'middle' as const } }
          const touched = selected === from || selected === to
          const kind = newest ? (newest.approvers.length > 0 ? 'signed' : 'allowed') : 'unseen-run'
          return (
            <g className={`edge ${kind}${touched ? ' touched' : ''}`} key={`${from} ${to}`}>
              <title>{visibleText(decisionSentence(newest))}</title>
              <path d={path} markerEnd="url(#lineage-head)" />
              {(touched || edges.length <= mostLabels) && (
                <text x={words.x} y={words.y - 5} textAnchor={words.anchor}>
                  {fitted(visibleText(decisionWord(newest)), 166, 'note')}
                  {times > 1 && ` ×${times >= 1_000 ? '1,000+' : times}`}
                </text>
              )}
            </g>
          )
        })}
        {indexes.map((index, row) => {
          const node = view.nodes[index]
          const spot = spots[row]
          if (!node || !spot) return null
          const name = visibleText(node.name)
          const more = beyond(view, shown, index).length
          const press = (event: KeyboardEvent) => {
            if (event.key !== 'Enter' && event.key !== ' ') return
            event.preventDefault()
            onSelect(index)
          }
          return (
            <g
              className={`node ${node.kind}${node.step === 0 ? ' itself' : ''}`}
              transform={`translate(${spot.x} ${spot.y})`}
              role="button"
              tabIndex={0}
              aria-pressed={selected === index}
              onClick={() => onSelect(index)}
              onKeyDown={press}
              key={index}
            >
              <title>{`${name}, ${node.kind}${more > 0 ? `, ${more} more beyond` : ''}`}</title>
              <rect width={box.width} height={box.height} rx="8" />
              <path className="sign" d={signs[node.kind]} transform="translate(10 14) scale(.75)" />
              <text x="36" y="20">
                {fitted(name, box.width)}
              </text>
              <text className="note" x="36" y="36">
                {node.kind}
                {more > 0 && ` · +${more}`}
              </text>
            </g>
          )
        })}
      </svg>
    </div>
  )
}
