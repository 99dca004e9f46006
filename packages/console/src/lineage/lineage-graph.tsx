import type { LineageView } from '@countersign/schema'
import { useState } from 'react'
import { Section } from '../parts/facts.tsx'
import { Graph } from './graph.tsx'
import { Selected } from './selected.tsx'
import { all, beyond, first, orMore } from './shown.ts'

/** The graph, and how much of the whole it shows. */
export function LineageGraph({ view }: { view: LineageView }) {
  const [opened, setOpened] = useState<ReadonlySet<number> | undefined>(undefined)
  const [selected, setSelected] = useState<number>()
  if (view.nodes.length < 2) return null
  const shown = opened ?? first(view)
  const more = selected === undefined ? [] : beyond(view, shown, selected)
  const { before, after, total, nodes, node } = view
  return (
    <Section
      title="Graph"
      aside={
        <span className="soft">
          {orMore(before)} before, {orMore(after)} after
        </span>
      }
    >
      <p className="totals">
        Showing {shown.size} of {orMore(total)}.{' '}
        {shown.size < nodes.length && (
          <button type="button" className="quiet" onClick={() => setOpened(all(view))}>
            Draw {nodes.length < total ? `the nearest ${nodes.length}` : `all ${nodes.length}`}
          </button>
        )}
        {opened && (
          <button type="button" className="quiet" onClick={() => setOpened(undefined)}>
            Draw fewer
          </button>
        )}
        <span className="soft">
          ✓ and a name: approved by. Other words: the policy that allowed it. Choose a box to see more of it.
        </span>
      </p>
      {node.kind === 'column' && (
        <p className="soft hint">
          Every step keeps to flows that may have held it: those that took a column it may have been written into,
          whatever that is called, or did not say which they took.
        </p>
      )}
      <Graph view={view} shown={shown} selected={selected} onSelect={setSelected} />
      <div aria-live="polite">
        {selected !== undefined && (
          <Selected
            view={view}
            node={selected}
            more={more.length}
            onOpen={() => setOpened(new Set([...shown, ...more]))}
            onClose={() => setSelected(undefined)}
          />
        )}
      </div>
    </Section>
  )
}
