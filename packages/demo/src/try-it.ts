/**
 * "Try it": sends an action of the story as its agent, through the real gate.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Told } from './send.ts'
import { type Step, type StepId, steps } from './steps.ts'

export interface TryItParts {
  readonly publicUrl: string
  /** Lets the step's agent do it, and wait for people. Resolves with what came of it. */
  act(step: Step): Promise<Told | undefined>
}

/** What somebody who tried a step is told: what came of it at once, or that it waits for people. */
interface Tried {
  readonly step: string
  readonly came: 'ran' | 'refused' | 'waits'
  /** What the agent was told, where it was refused. */
  readonly says?: string
}

/** How long is waited before an action counts as held: people take longer than this, policy does not. */
const answersWithinMs = 3_000

/** `GET` lists what there is; `POST {step}` starts one, whose agent then waits for people, and says what came of it. */
export function tryIt(parts: TryItParts): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (request.method === 'GET') return answer(response, 200, { steps: Object.values(steps).map(shown) })
    const fromHere =
      request.headers.origin === parts.publicUrl && request.headers['content-type'] === 'application/json'
    if (request.method !== 'POST' || !fromHere)
      return answer(response, 403, { says: 'Only the console may ask for this.' })
    void read(request).then(
      (name) => start(name, response),
      () => answer(response, 400, { says: 'This step is not known.' }),
    )
  }

  function start(name: string, response: ServerResponse): void {
    const step = Object.hasOwn(steps, name) ? steps[name as StepId] : undefined
    if (!step) return answer(response, 404, { says: 'This step is not known.' })
    const waits = pause(answersWithinMs, undefined)
    void Promise.race([parts.act(step), waits]).then((told) => {
      answer(response, 200, triedOf(name, told))
    })
  }
}

function triedOf(step: string, told: Told | undefined): Tried {
  if (!told) return { step, came: 'waits' }
  const says = refusalIn(told)
  return says === undefined ? { step, came: 'ran' } : { step, came: 'refused', says }
}

/** Of a problem its title and detail, of a tool's error its text. */
function refusalIn({ status, text }: Told): string | undefined {
  const problem = /"title":"((?:[^"\\]|\\.)*)"(?:.*?"detail":"((?:[^"\\]|\\.)*)")?/.exec(text)
  if (status >= 400) return [problem?.[1], problem?.[2]].filter(Boolean).join(' ') || `HTTP ${status}`
  if (!/"isError":\s*true/.test(text)) return undefined
  const said = /"text":("(?:[^"\\]|\\.)*")/.exec(text)?.[1]
  return said === undefined ? 'The tool refused it.' : (JSON.parse(said) as string)
}

const shown = ({ id, title, agent, purpose }: (typeof steps)[StepId]) => ({ id, title, agent, purpose })

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > 1000) throw new Error('too long')
  }
  const { step } = JSON.parse(text) as { step: unknown }
  return String(step)
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
