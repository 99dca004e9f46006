import type { DataNode, DataUse } from '@countersign/schema'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { AgentText } from './agent-text.tsx'
import { Classes } from './badges.tsx'
import { Table } from './table.tsx'

/** The same as the graph, in words, and whole. */
export function DataTable({ dataUse: { reads, writes, destination, model } }: { dataUse: DataUse }) {
  const rows: { how: string; node: DataNode }[] = [
    ...reads.map((node) => ({ how: 'reads', node })),
    ...writes.map((node) => ({ how: 'writes', node })),
  ]
  return (
    <Table name="Data touched" heads={['How', 'What', 'Classes']}>
      {rows.map(({ how, node }) => (
        <tr key={`${how} ${node.name}`}>
          <td>{how}</td>
          <td>
            <Link className="mono" href={paths.lineage('dataset', node.name)}>
              <AgentText text={node.name} />
            </Link>
            {node.columns && node.columns.length > 0 && (
              <span className="soft">
                {' '}
                (<AgentText text={node.columns.join(', ')} />)
              </span>
            )}
            {!node.known && <span className="warn-text"> ⚠ not registered</span>}
          </td>
          <td>
            <Classes classes={node.classes} />
          </td>
        </tr>
      ))}
      {model && (
        <tr>
          <td>model</td>
          <td className="mono">
            <AgentText text={model.name} />
          </td>
          <td>{[model.external ? 'external' : 'own', ...(model.known ? [] : ['not registered'])].join(', ')}</td>
        </tr>
      )}
      {destination && (
        <tr>
          <td>sends to</td>
          <td className="mono">
            <AgentText text={destination.name} />
          </td>
          <td>
            {[
              destination.outside ? 'leaves the organization' : 'stays in the organization',
              ...(destination.known ? [] : ['not registered']),
            ].join(', ')}
          </td>
        </tr>
      )}
      {rows.length === 0 && !model && !destination && (
        <tr>
          <td colSpan={3}>No data is named. Unknown counts as the worst.</td>
        </tr>
      )}
    </Table>
  )
}
