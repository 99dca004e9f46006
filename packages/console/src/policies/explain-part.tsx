import type { TextExplanation } from '@countersign/schema'
import { type SubmitEvent, useState } from 'react'
import { post, type Reply } from '../api/ask.ts'
import { ExplainedList } from '../parts/explained.tsx'
import { Section } from '../parts/facts.tsx'
import { TroubleNote } from '../parts/states.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { navigate } from '../window/location.ts'

const example = `agent: finance-bot
verb: data.export
resource: dataset finance.orders
environment: prod
destination: warehouse.acme.example
rows: 48211
purpose: true`

export function ExplainPart() {
  const [asking, setAsking] = useState(false)
  const [reply, setReply] = useState<Reply<TextExplanation>>()
  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const text = new FormData(event.currentTarget).get('text')
    setAsking(true)
    setReply(await post<TextExplanation>('/api/policies/explain', { text }))
    setAsking(false)
  }
  return (
    <>
      <Section title="What would policy say?" aside={<span className="soft">nothing runs</span>}>
        <form onSubmit={(event) => void submit(event)}>
          <label htmlFor="explain-text">An action, as a case writes it (YAML or JSON)</label>
          <textarea
            id="explain-text"
            name="text"
            className="mono"
            rows={9}
            required
            maxLength={20_000}
            defaultValue={example}
            spellCheck={false}
          />
          <p className="soft hint">
            Agents and people by their ids. Risk is scored as Countersign would, unless you say it.
          </p>
          <button type="submit" className="primary" disabled={asking}>
            {asking ? 'Asking…' : 'Explain'}
          </button>
        </form>
        <div aria-live="polite" className="outcome">
          {reply?.ok === false && <TroubleNote trouble={reply.trouble} />}
          {reply?.ok === true && (
            <>
              <p className="soft">Risk {reply.value.risk} of 100.</p>
              <ExplainedList resources={reply.value.resources} />
            </>
          )}
        </div>
      </Section>
      <RecordedAction />
    </>
  )
}

/** What was recorded is explained where it stands, next to what was decided then. */
function RecordedAction() {
  const open = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const action = new FormData(event.currentTarget).get('action')
    if (typeof action === 'string') navigate(paths.action(action.trim()))
  }
  return (
    <Section title="An action of the record">
      <form className="search" onSubmit={open}>
        <label className="wide">
          Action
          <input name="action" className="mono" required pattern="\s*act_[0-9A-Za-z\-]+\s*" placeholder="act_…" />
        </label>
        <button type="submit">Open it</button>
      </form>
      <p className="soft hint">
        Its page says what was decided then and what policy would say now. Find one among{' '}
        <Link href={paths.actions()}>all actions</Link>.
      </p>
    </Section>
  )
}
