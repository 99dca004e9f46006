/**
 * Where data went, under whose approval.
 *
 * @module
 */
import type { AgentList, LineageView, Me } from '@countersign/schema'
import { type SubmitEvent, useState } from 'react'
import { useAnswer } from '../api/use-answer.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { Section } from '../parts/facts.tsx'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { navigate } from '../window/location.ts'
import { type Asked, askedFor, kinds, lineagePath, type SubjectKind } from './asked.ts'
import { FlowTable } from './flows.tsx'
import { LineageGraph } from './lineage-graph.tsx'

export function Lineage({ search, me }: { search: string; me: Me }) {
  const asked = askedFor(search)
  return (
    <>
      <header className="page-head">
        <h1>Lineage</h1>
        <p className="soft">Where data came from, where it went, and who approved it.</p>
      </header>
      <Ask asked={asked} key={search} />
      {asked ? <Found asked={asked} key={`found ${search}`} /> : <Suggestions me={me} />}
    </>
  )
}

function Ask({ asked }: { asked: Asked | undefined }) {
  const [kind, setKind] = useState<SubjectKind>(asked?.kind ?? 'dataset')
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const name = new FormData(event.currentTarget).get('name')
    if (typeof name === 'string') navigate(paths.lineage(kind, name.trim()))
  }
  return (
    <form className="search" role="search" onSubmit={submit}>
      <label>
        What
        <select name="kind" value={kind} onChange={(event) => setKind(event.target.value as SubjectKind)}>
          {kinds.map(({ kind: each }) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      <label className="wide">
        Name
        <input
          name="name"
          required
          maxLength={500}
          defaultValue={asked?.name}
          placeholder={kinds.find((each) => each.kind === kind)?.example}
          spellCheck={false}
          autoComplete="off"
        />
      </label>
      <button type="submit">Ask</button>
    </form>
  )
}

function Suggestions({ me }: { me: Me }) {
  const agents = useAnswer<AgentList>('/api/agents').value?.items ?? []
  return (
    <Empty title="Ask about a dataset, a column, a model, a place, an agent or a person">
      <p>Where did this column go? Which models have seen it? What did this agent touch, and under whose approval?</p>
      <ul className="suggestions">
        <li>
          <Link className="button quiet" href={paths.lineage('person', me.person.id)}>
            What I asked for or approved
          </Link>
        </li>
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
  const { value: view, trouble } = useAnswer<LineageView>(first)
  if (trouble && !view) return <TroubleNote trouble={trouble} path="/api/lineage" />
  if (!view) return <Loading what="lineage" />
  const { node, flows, next } = view
  if (flows.length + view.before + view.after === 0 && next === undefined) {
    return (
      <Empty title="Nothing flowed here">
        <p>
          No recorded run that you may see touched the {node.kind} <AgentText text={node.title} />. Names are exact.
        </p>
      </Empty>
    )
  }
  return (
    <>
      {trouble && <TroubleNote trouble={trouble} path="/api/lineage" />}
      <LineageGraph view={view} />
      <Section title="Runs, newest first">
        <FlowTable first={first} view={view} />
      </Section>
    </>
  )
}
