import { useState } from 'react'
import { post, type Trouble } from './ask.ts'
import { useAnswers } from './use-answer.ts'

export interface Change {
  readonly sending: boolean
  readonly trouble: Trouble | undefined
  /** Sends it and gives what came back; what went wrong is shown where it was asked for. */
  send<Value>(path: string, body: object): Promise<Value | undefined>
  forget(): void
}

/** One change under way, and what Countersign said against it. Whatever it may have touched is read anew. */
export function useChange(): Change {
  const [sending, setSending] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  const answers = useAnswers()
  return {
    sending,
    trouble,
    async send<Value>(path: string, body: object) {
      setSending(true)
      const reply = await post<Value>(path, body)
      setSending(false)
      setTrouble(reply.ok ? undefined : reply.trouble)
      if (!reply.ok) return undefined
      answers.stale((each) =>
        ['/api/agents', '/api/people', '/api/tools', '/api/approvals'].some((area) => each.startsWith(area)),
      )
      return reply.value
    },
    forget: () => setTrouble(undefined),
  }
}
