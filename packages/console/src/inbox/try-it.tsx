import { useState } from 'react'
import { post } from '../api/ask.ts'
import { useAnswer } from '../api/use-answer.ts'
import { AgentText } from '../parts/agent-text.tsx'
import { live } from '../shell/live.ts'

interface Steps {
  readonly steps: readonly {
    readonly id: string
    readonly title: string
    readonly agent: string
    readonly purpose: string
  }[]
}

/** In a demo house: lets an agent of the story send its real request. */
export function TryIt() {
  const { value } = useAnswer<Steps>('/demo/try')
  const [sending, setSending] = useState<string>()
  if (!value || value.steps.length === 0) return null

  const send = async (step: string, title: string) => {
    setSending(step)
    const reply = await post('/demo/try', { step })
    setSending(undefined)
    if (reply.ok) live.tell(`Sent: ${title}. If policy asks people, it appears in the inbox.`)
    else live.tell(reply.trouble.says, 'bad')
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
            </div>
            <button
              type="button"
              disabled={sending !== undefined}
              aria-label={`Send: ${title}`}
              onClick={() => void send(id, title)}
            >
              {sending === id ? 'Sending…' : 'Send'}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
