import { useState } from 'react'
import { post, type Reply } from '../api/ask.ts'
import { useAnswer } from '../api/use-answer.ts'
import { AgentText } from '../parts/agent-text.tsx'

interface Steps {
  readonly steps: readonly {
    readonly id: string
    readonly title: string
    readonly agent: string
    readonly purpose: string
  }[]
}

/** What came of a step, as the demo tells it. */
interface Tried {
  readonly came: 'ran' | 'refused' | 'waits'
  readonly says?: string
}

/** In a demo: lets an agent of the story send its real request, and says what came of it. */
export function TryIt() {
  const { value } = useAnswer<Steps>('/demo/try')
  const [sending, setSending] = useState<string>()
  const [came, setCame] = useState<ReadonlyMap<string, Reply<Tried>>>(new Map())
  if (!value || value.steps.length === 0) return null

  const send = async (step: string) => {
    setSending(step)
    const reply = await post<Tried>('/demo/try', { step })
    setSending(undefined)
    setCame((before) => new Map(before).set(step, reply))
  }

  return (
    <section className="try" aria-labelledby="try-title">
      <h2 id="try-title">Try it</h2>
      <p className="soft">Let an agent of the demo company send a request, through the same gateways as any other.</p>
      <ul>
        {value.steps.map(({ id, title, agent, purpose }) => (
          <li key={id}>
            <div>
              <strong>
                <AgentText text={title} />
              </strong>
              <span className="soft">
                {agent}: “<AgentText text={purpose} />”
              </span>
              <span role="status">{came.has(id) && <Came reply={came.get(id)} />}</span>
            </div>
            <button
              type="button"
              disabled={sending !== undefined}
              aria-label={`Send: ${title}`}
              onClick={() => void send(id)}
            >
              {sending === id ? 'Sending…' : 'Send'}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Came({ reply }: { reply: Reply<Tried> | undefined }) {
  if (!reply) return null
  if (!reply.ok) return <span className="bad-text">✗ {reply.trouble.says}</span>
  const { came, says } = reply.value
  switch (came) {
    case 'ran':
      return <span className="good-text">✓ Ran at once: policy allows it. It stands under Actions.</span>
    case 'waits':
      return <span className="warn-text">… Waits for people: the question stands above.</span>
    case 'refused':
      return (
        <span className="bad-text">
          ✗ Refused: <AgentText text={says ?? 'it was not run'} />
        </span>
      )
  }
}
