import type { FlowView, LineageView } from '@countersign/schema'
import { useState } from 'react'
import { useAnswer, useAnswers } from '../api/use-answer.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Table } from '../parts/table.tsx'
import { When } from '../parts/times.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { count } from '../words/words.ts'

/** Shows the first page, kept fresh, and further ones as they were when asked for. */
export function FlowTable({ first, view }: { first: string; view: LineageView }) {
  const [after, setAfter] = useState<string[]>([])
  const answers = useAnswers()
  const last = after.at(-1)
  useAnswer(last)
  const pages = after.map((path) => answers.read(path).value as LineageView | undefined)
  const more = last === undefined ? view.next : pages.at(-1)?.next
  return (
    <>
      <Table name="Flows" heads={['When', 'From', 'How', 'To', { number: 'Rows' }, 'Agent', 'Decision']} looks="flows">
        {[...view.flows, ...pages.flatMap((page) => page?.flows ?? [])].map((flow, index) => (
          <FlowRow flow={flow} key={`${flow.action} ${index}`} />
        ))}
      </Table>
      {more !== undefined && (
        <button
          type="button"
          className="quiet more"
          onClick={() => setAfter([...after, `${first}&after=${encodeURIComponent(more)}`])}
        >
          Show more
        </button>
      )}
    </>
  )
}

function FlowRow({ flow }: { flow: FlowView }) {
  const { action, at, how, rows, agent, onBehalfOf } = flow
  return (
    <tr>
      <td>
        <Link href={paths.action(action)}>
          <When at={at} />
        </Link>
      </td>
      <td>
        <End node={flow.from} columns={flow.fromColumns} />
      </td>
      <td>{how}</td>
      <td>
        <End node={flow.to} columns={flow.toColumns} />
      </td>
      <td className="number">{rows === undefined ? <span className="soft">unknown</span> : count(rows)}</td>
      <td>
        <Link href={paths.lineage('agent', agent.id)}>
          <AgentText text={agent.name} />
        </Link>
        {onBehalfOf && (
          <span className="soft">
            {' '}
            for{' '}
            <Link href={paths.lineage('person', onBehalfOf.id)}>
              <AgentText text={onBehalfOf.name} />
            </Link>
          </span>
        )}
      </td>
      <td>
        <Decision flow={flow} />
      </td>
    </tr>
  )
}

function End({ node, columns }: { node: FlowView['from']; columns: readonly string[] | undefined }) {
  return (
    <>
      <Link className="mono" href={paths.lineage(node.kind, node.name)}>
        <AgentText text={node.name} />
      </Link>
      {columns && columns.length > 0 && (
        <span className="soft columns-of">
          {' '}
          <AgentText text={columns.join(', ')} />
        </span>
      )}
    </>
  )
}

function Decision({ flow: { approval, approvers, policies } }: { flow: FlowView }) {
  if (approval === undefined || approvers.length === 0) {
    return <span className="soft">allowed by {policies.join(', ') || 'policy'}</span>
  }
  return (
    <>
      <Link href={paths.question(approval)}>approved</Link> by{' '}
      {approvers.map(({ id, name }, index) => (
        <span key={id}>
          {index > 0 && ' and '}
          <Link href={paths.lineage('person', id)}>
            <AgentText text={name} />
          </Link>
        </span>
      ))}
    </>
  )
}
