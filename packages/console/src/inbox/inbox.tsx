/**
 * The questions that concern whoever looks, live.
 *
 * @module
 */
import type { Me, QuestionSummary } from '@countersign/schema'
import { useState } from 'react'
import { usePages } from '../api/use-answer.ts'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { paths } from '../route.ts'
import { useKeys } from '../shell/keys.ts'
import { type Intent, navigate } from '../shell/place.ts'
import { KeyHelp } from './key-help.tsx'
import { QuestionRow } from './question-row.tsx'
import { listPath, sorted, step } from './sorted.ts'
import { TryIt } from './try-it.tsx'

type Tab = 'open' | 'settled'
type Whose = 'mine' | 'all'

export function Inbox({ me }: { me: Me }) {
  const [tab, setTab] = useState<Tab>('open')
  const [whose, setWhose] = useState<Whose>('all')
  const [count, setCount] = useState(1)
  const [marked, setMarked] = useState<string>()
  const [help, setHelp] = useState(false)
  const path = listPath(tab, whose)
  const { items, at, trouble, more } = usePages<QuestionSummary>(path, count)
  const questions = sorted(items, tab)
  const ids = questions.map(({ id }) => id)

  const move = (by: 1 | -1) => {
    const id = step(ids, marked, by)
    setMarked(id)
    if (id !== undefined) document.getElementById(id)?.scrollIntoView({ block: 'nearest' })
  }
  const open = (intent?: Intent) => {
    const id = marked ?? ids[0]
    if (id !== undefined) navigate(paths.question(id), intent)
  }
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => open(),
    a: () => open('approve'),
    r: () => open('reject'),
    e: () => open('escalate'),
    '?': () => setHelp(true),
  })

  return (
    <>
      <header className="page-head">
        <h1>Inbox</h1>
        <button type="button" className="quiet keys-button" onClick={() => setHelp(true)}>
          Keys <kbd>?</kbd>
        </button>
      </header>
      <div className="filters">
        <Choice
          label="State"
          value={tab}
          options={{ open: 'Open', settled: 'Settled' }}
          onChange={(next) => {
            setTab(next)
            setCount(1)
          }}
        />
        {tab === 'open' && (
          <Choice
            label="Whose"
            value={whose}
            options={{ all: 'All', mine: 'Mine' }}
            onChange={(next) => {
              setWhose(next)
              setCount(1)
            }}
          />
        )}
      </div>
      {trouble && <TroubleNote trouble={trouble} path="/api/approvals" />}
      {at === undefined ? (
        !trouble && <Loading what="questions" />
      ) : questions.length === 0 ? (
        <Nothing tab={tab} whose={whose} />
      ) : (
        <ol className="questions" aria-label={tab === 'open' ? 'Open questions' : 'Settled questions'}>
          {questions.map((question) => (
            <QuestionRow question={question} receivedAt={at} marked={question.id === marked} key={question.id} />
          ))}
        </ol>
      )}
      {more && (
        <button type="button" className="quiet more" onClick={() => setCount(count + 1)}>
          Show more
        </button>
      )}
      {me.demo && <TryIt />}
      {help && <KeyHelp onClose={() => setHelp(false)} />}
    </>
  )
}

function Choice<Value extends string>(props: {
  label: string
  value: Value
  options: Readonly<Record<Value, string>>
  onChange(value: Value): void
}) {
  return (
    <div className="choice" role="group" aria-label={props.label}>
      {(Object.keys(props.options) as Value[]).map((value) => (
        <button type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)} key={value}>
          {props.options[value]}
        </button>
      ))}
    </div>
  )
}

function Nothing({ tab, whose }: { tab: Tab; whose: Whose }) {
  if (tab === 'settled') {
    return (
      <Empty title="Nothing settled yet">
        <p>Questions that were answered, or that ran out, stay here with who decided, when and why.</p>
      </Empty>
    )
  }
  return (
    <Empty title={whose === 'mine' ? 'Nothing waits for you' : 'No open questions'}>
      <p>
        {whose === 'mine'
          ? 'No open question can be answered by you now. Others may be open: look at All.'
          : 'When an agent wants something that policy does not simply allow, it waits and appears here by itself.'}
      </p>
    </Empty>
  )
}
