/**
 * Where data went, under whose approval.
 *
 * @module
 */
import type { AgentList, FlowView, LineageView } from '@countersign/schema'
import { type SubmitEvent, useState } from 'react'
import { useAnswer, useAnswers } from '../api/use-answer.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Section } from '../parts/facts.tsx'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { When } from '../parts/times.tsx'
import { DataDrawing } from '../picture/picture.tsx'
import { paths } from '../route.ts'
import { Link } from '../shell/link.tsx'
import { navigate } from '../shell/place.ts'
import { count, counted } from '../words/words.ts'
import { type Asked, askedFor, kinds, lineagePath, pictureOf } from './asked.ts'

export function Lineage({ search }: { search: string }) {
  const asked = askedFor(search)
  return (
    <>
      <header className="page-head">
        <h1>Lineage</h1>
        <p className="soft">Where data came from, where it went, and who signed for it.</p>
      </header>
      <Ask asked={asked} key={search} />
      {asked ? <Found asked={asked} /> : <Suggestions />}
    </>
  )
}

function Ask({ asked }: { asked: Asked | undefined }) {
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const [kind, name] = [data.get('kind'), data.get('name')]
    if (typeof kind === 'string' && typeof name === 'string') navigate(paths.lineage(kind, name.trim()))
  }
  return (
    <form className="search" role="search" onSubmit={submit}>
      <label>
        What
        <select name="kind" defaultValue={asked?.kind ?? 'dataset'}>
          {kinds.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
      </label>
      <label className="wide">
        Name
        <input name="name" required maxLength={500} defaultValue={asked?.name} placeholder="finance.orders" />
      </label>
      <button type="submit">Ask</button>
    </form>
  )
}

function Suggestions() {
  const agents = useAnswer<AgentList>('/api/agents').value?.items ?? []
  return (
    <Empty title="Ask about a dataset, a model, a place or an agent">
      <p>For example: what did this agent touch, which models have seen these customers, where did the orders go.</p>
      <ul className="suggestions">
        {agents.map(({ id, name }) => (
          <li key={id}>
            <Link className="button quiet" href={paths.lineage('agent', id)}>
              <AgentText text={name} />
            </Link>
          </li>
        ))}
      </ul>
    </Empty>
  )
}

function Found({ asked }: { asked: Asked }) {
  const first = lineagePath(asked)
  const { value, trouble } = useAnswer<LineageView>(first)
  if (trouble && !value) return <TroubleNote trouble={trouble} path="/api/lineage" />
  if (!value) return <Loading what="lineage" />
  const { node, flows, next, upstream, downstream } = value
  if (flows.length + upstream.length + downstream.length === 0 && next === undefined) {
    return (
      <Empty title="Nothing flowed here">
        <p>
          No recorded run that you may see touched the {node.kind} <AgentText text={node.name} />. Names are exact.
        </p>
      </Empty>
    )
  }
  return (
    <>
      <Section
        title="Picture"
        aside={
          <span className="soft">
            {counted(upstream.length, 'source')} before, {counted(downstream.length, 'place')} after
          </span>
        }
      >
        <DataDrawing picture={pictureOf(value)} label={`What lies before and after ${node.name}, listed below`} />
        <Nodes title="Before it" nodes={upstream} />
        <Nodes title="After it" nodes={downstream} />
      </Section>
      <Section title="Flows">
        <FlowTable first={first} flows={flows} next={next} />
      </Section>
    </>
  )
}

function Nodes({ title, nodes }: { title: string; nodes: LineageView['upstream'] }) {
  if (nodes.length === 0) return null
  return (
    <p className="nodes">
      <span className="soft">{title}: </span>
      {nodes.map(({ kind, name }, index) => (
        <span key={`${kind} ${name}`}>
          {index > 0 && ', '}
          <Link href={paths.lineage(kind, name)}>
            <AgentText text={name} />
          </Link>{' '}
          <span className="soft">({kind})</span>
        </span>
      ))}
    </p>
  )
}

/** Shows the first page, kept fresh, and further ones as they were when asked for. */
function FlowTable({ first, flows, next }: { first: string; flows: readonly FlowView[]; next: string | undefined }) {
  const [after, setAfter] = useState<string[]>([])
  const answers = useAnswers()
  const last = after.at(-1)
  useAnswer(last)
  const further = after.flatMap((path) => (answers.read(path).value as LineageView | undefined)?.flows ?? [])
  const more = last === undefined ? next : (answers.read(last).value as LineageView | undefined)?.next
  return (
    <>
      <div className="scroll" tabIndex={0} role="group" aria-label="Flows">
        <table className="data flows">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">From</th>
              <th scope="col">How</th>
              <th scope="col">To</th>
              <th scope="col">Rows</th>
              <th scope="col">Agent</th>
              <th scope="col">Signed by</th>
            </tr>
          </thead>
          <tbody>
            {[...flows, ...further].map((flow, index) => (
              <FlowRow flow={flow} key={`${flow.action} ${index}`} />
            ))}
          </tbody>
        </table>
      </div>
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

function FlowRow({
  flow: { action, at, from, to, how, rows, agent, onBehalfOf, approval, approvers },
}: {
  flow: FlowView
}) {
  return (
    <tr>
      <td>
        <Link href={paths.action(action)}>
          <When at={at} />
        </Link>
      </td>
      <td className="mono">
        <Link href={paths.lineage(from.kind, from.name)}>
          <AgentText text={from.name} />
        </Link>
      </td>
      <td>{how}</td>
      <td className="mono">
        <Link href={paths.lineage(to.kind, to.name)}>
          <AgentText text={to.name} />
        </Link>
      </td>
      <td className="number">{rows === undefined ? <span className="soft">unknown</span> : count(rows)}</td>
      <td>
        <AgentText text={agent.name} />
        {onBehalfOf && (
          <span className="soft">
            {' '}
            for <AgentText text={onBehalfOf.name} />
          </span>
        )}
      </td>
      <td>
        {approval === undefined ? (
          <span className="soft">allowed by policy</span>
        ) : (
          <Link href={paths.question(approval)}>{approvers.map(({ name }) => name).join(', ') || 'the question'}</Link>
        )}
      </td>
    </tr>
  )
}
