/**
 * "Try it": sends an action of the story as its agent, through the real gate.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Step, type StepId, steps } from './steps.ts'

export interface TryItParts {
  readonly publicUrl: string
  /** Lets the step's agent do it, and wait for people. */
  act(step: Step): void
}

/** `GET` lists what there is; `POST {step}` starts one, whose agent then waits for people. */
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
    parts.act(step)
    answer(response, 202, { step: name })
  }
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
