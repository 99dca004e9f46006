import type { PolicySetView, PolicyUse } from '@countersign/schema'
import { useState } from 'react'
import { useAnswer } from '../api/use-answer.ts'
import { Section } from '../parts/facts.tsx'
import { Loading, TroubleNote } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { When } from '../parts/times.tsx'
import { count, counted } from '../words/words.ts'

const ranges = [
  { days: 1, name: 'the last day' },
  { days: 7, name: 'the last week' },
  { days: 30, name: 'the last 30 days' },
  { days: 365, name: 'the last year' },
] as const

export function UsePart({ set }: { set: PolicySetView }) {
  const [days, setDays] = useState(30)
  const { value: use, trouble } = useAnswer<PolicyUse>(`/api/policies/use?days=${days}`)
  return (
    <>
      <form className="search">
        <label>
          Over
          <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {ranges.map((range) => (
              <option value={range.days} key={range.days}>
                {range.name}
              </option>
            ))}
          </select>
        </label>
      </form>
      {trouble && <TroubleNote trouble={trouble} path="/api/policies/use" />}
      {!use && !trouble && <Loading what="how often policies decide" />}
      {use && <Counted use={use} set={set} />}
    </>
  )
}

function Counted({ use, set }: { use: PolicyUse; set: PolicySetView }) {
  const { actions, more, policies } = use
  const kindOf = (id: string) => set.policies.find((policy) => policy.id === id)?.kind ?? 'gone'
  const idle = set.policies.filter(({ id }) => !policies.some((policy) => policy.id === id))
  const most = Math.max(1, ...policies.map(({ allow, ask, deny }) => allow + ask + deny))
  return (
    <>
      <Section
        title="By day"
        aside={
          <span className="soft">{more ? `the newest ${count(actions)} actions` : counted(actions, 'action')}</span>
        }
      >
        {actions === 0 ? <p className="soft">Nothing was decided in this time.</p> : <Days use={use} />}
      </Section>
      <Section title="By policy" aside={<span className="soft">an action may rest on several</span>}>
        <Table
          name="Decisions by policy"
          heads={['Policy', 'Kind', { number: 'Asked' }, { number: 'Allowed' }, { number: 'Denied' }, 'Share', 'Last']}
          looks="use"
        >
          {policies.map(({ id, allow, ask, deny, lastAt }) => (
            <tr key={id}>
              <td className="mono">{id}</td>
              <td>{kindOf(id) === 'gone' ? 'no longer in force' : kindOf(id)}</td>
              <td className="number">{count(ask)}</td>
              <td className="number">{count(allow)}</td>
              <td className="number">{count(deny)}</td>
              <td>
                <meter max={most} value={allow + ask + deny} aria-label={`${id}: ${allow + ask + deny}`} />
              </td>
              <td>
                <When at={lastAt} />
              </td>
            </tr>
          ))}
        </Table>
        {idle.length > 0 && (
          <p className="hint">
            <b>Decided nothing in this time:</b>{' '}
            <span className="mono soft">{idle.map(({ id }) => id).join(', ')}</span>
          </p>
        )}
      </Section>
    </>
  )
}

const chart = { width: 660, height: 110, gap: 2 }

/** A bar for each day, the asked ones dark at its foot. The same numbers stand in words below. */
function Days({ use: { days } }: { use: PolicyUse }) {
  const most = Math.max(1, ...days.map(({ allow, ask, deny }) => allow + ask + deny))
  const wide = chart.width / days.length
  const asked = days.reduce((sum, { ask }) => sum + ask, 0)
  const denied = days.reduce((sum, { deny }) => sum + deny, 0)
  const busiest = days.find(({ allow, ask, deny }) => allow + ask + deny === most)
  return (
    <figure className="days">
      <svg
        viewBox={`0 0 ${chart.width} ${chart.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label="Actions by day, in words below"
      >
        {days.map(({ day, allow, ask, deny }, index) => {
          const bar = (number: number) => (number / most) * chart.height
          const x = index * wide
          const width = Math.max(1, wide - chart.gap)
          return (
            <g key={day}>
              <title>{`${day}: ${ask} asked, ${allow} allowed, ${deny} denied`}</title>
              <rect
                className="all"
                x={x}
                y={chart.height - bar(allow + ask + deny)}
                width={width}
                height={bar(allow + ask + deny)}
              />
              <rect className="asked" x={x} y={chart.height - bar(ask)} width={width} height={bar(ask)} />
            </g>
          )
        })}
        <line x1="0" x2={chart.width} y1={chart.height} y2={chart.height} />
      </svg>
      <figcaption className="soft">
        {days[0]?.day} to {days.at(-1)?.day} (UTC). {counted(asked, 'action')} asked people (dark), {count(denied)} were
        denied. Busiest: {busiest?.day} with {count(most)}.
      </figcaption>
    </figure>
  )
}
