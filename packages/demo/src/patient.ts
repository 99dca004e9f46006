import { send, type SendParts, type Told } from './send.ts'
import type { Step } from './steps.ts'

/** How long a demo agent comes back for its answer; then it gives up, and the question stays with its people. */
const patienceMs = 30 * 60_000

/** Sends a step as an agent that comes back for its answer: until it ran or was refused, or half an hour is over. */
export async function sendPatiently(step: Step, parts: SendParts & { readonly signal: AbortSignal }): Promise<Told> {
  const until = Date.now() + patienceMs
  for (;;) {
    const told = await send(step, { ...parts, waitSeconds: 60 })
    if (!isHeld(told) || parts.signal.aborted || Date.now() > until) return told
  }
}

/** As the HTTP gateway says it, and as the MCP gateway does. */
const isHeld = ({ status, text, approval }: Told) =>
  approval !== undefined && (status === 428 || text.includes('NOT EXECUTED. Waiting'))
