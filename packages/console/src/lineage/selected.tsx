import type { LineageEdgeView, LineageView } from '@countersign/schema'
import { AgentText } from '../parts/agent-text.tsx'
import { When } from '../parts/times.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { decisionSentence, timesWords } from './decision.ts'
import { columnsOf } from './shown.ts'

/** One node, in words: its columns, and what flowed in and out under which decision. */
export function Selected({
  view,
  node: index,
  more,
  onOpen,
  onClose,
}: {
  view: LineageView
  node: number
  /** How many of its neighbours are not drawn. */
  more: number
  onOpen(): void
  onClose(): void
}) {
  const node = view.nodes[index]
  if (!node) return null
  const columns = columnsOf(view, index)
  return (
    <div className="selected" role="region" aria-label={`Selected: ${node.kind} ${node.name}`}>
      <header>
        <h3>
          {node.kind}{' '}
          <span className="mono">
            <AgentText text={node.name} />
          </span>
        </h3>
        {more > 0 && (
          <button type="button" onClick={onOpen}>
            Draw {more} more
          </button>
        )}
        <Link className="button" href={paths.lineage(node.kind, node.name)}>
          Ask about it
        </Link>
        <button type="button" className="quiet" onClick={onClose}>
          Close
        </button>
      </header>
      {node.kind === 'dataset' && (
        <p className="columns">
          <span className="soft">Columns named: </span>
          {columns.length === 0 && <span className="soft">none; it may have been any</span>}
          {columns.map((column, index) => (
            <span key={column}>
              {index > 0 && ', '}
              {column === '*' ? (
                <span className="mono">* (all)</span>
              ) : (
                <Link className="mono" href={paths.lineage('column', `${node.name}.${column}`)}>
                  <AgentText text={column} />
                </Link>
              )}
            </span>
          ))}
        </p>
      )}
      <Ways title="In" view={view} edges={view.edges.filter(({ to }) => to === index)} end="from" />
      <Ways title="Out" view={view} edges={view.edges.filter(({ from }) => from === index)} end="to" />
    </div>
  )
}

/** So many are read; the rest is folded away. */
const mostRead = 8

function Ways({
  title,
  view,
  edges,
  end,
}: {
  title: string
  view: LineageView
  edges: readonly LineageEdgeView[]
  end: 'from' | 'to'
}) {
  if (edges.length === 0) return null
  const list = (some: readonly LineageEdgeView[]) => (
    <ul className="ways">
      {some.map((edge) => (
        <Way node={view.nodes[edge[end]]} edge={edge} end={end} key={edge[end]} />
      ))}
    </ul>
  )
  return (
    <>
      <h4>
        {title} ({edges.length})
      </h4>
      {list(edges.slice(0, mostRead))}
      {edges.length > mostRead && (
        <details>
          <summary>{edges.length - mostRead} more</summary>
          {list(edges.slice(mostRead))}
        </details>
      )}
    </>
  )
}

function Way({
  node,
  edge,
  end,
}: {
  node: LineageView['nodes'][number] | undefined
  edge: LineageEdgeView
  end: 'from' | 'to'
}) {
  return (
    <li>
      <span className="soft">{end === 'from' ? 'from' : ways[edge.how]} </span>
      {node && (
        <Link className="mono" href={paths.lineage(node.kind, node.name)}>
          <AgentText text={node.name} />
        </Link>
      )}
      , {timesWords(edge)}, <Decision edge={edge} />
    </li>
  )
}

const ways: Readonly<Record<LineageEdgeView['how'], string>> = {
  reads: 'read by',
  writes: 'into',
  sends: 'sent to',
  invokes: 'given to',
  trains: 'trained',
}

function Decision({ edge: { newest } }: { edge: LineageEdgeView }) {
  if (!newest) return <span className="soft">{decisionSentence(newest)}</span>
  const href = newest.approval === undefined ? paths.action(newest.action) : paths.question(newest.approval)
  return (
    <>
      <Link href={href}>{decisionSentence(newest)}</Link>{' '}
      <span className="soft">
        for <AgentText text={newest.agent.name} />, <When at={newest.at} />
      </span>
    </>
  )
}
