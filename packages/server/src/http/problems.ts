import { catalogue, CountersignError, type LogLine } from '@countersign/core'
import type { Problem } from '@countersign/schema'

/** Any error in RFC 9457's words. What is not in the catalogue is an inner error: logged, and not told. */
export function problem(error: unknown, requestId: string, log: (line: LogLine) => void): Response {
  const known =
    error instanceof CountersignError ? error : new CountersignError('ERR_INTERNAL', undefined, { cause: error })
  if (known.status >= 500) {
    log({ level: 'error', says: 'a request failed', code: known.code, requestId, because: describe(error) })
  }
  return problemResponse({
    type: `urn:countersign:error:${known.code}`,
    title: catalogue[known.code].says,
    status: known.status,
    ...detailOf(known),
    code: known.code,
    requestId,
  })
}

export function problemResponse(problem: Problem): Response {
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}

/** Errors keep their details for the log. Only what was written to be told is told. */
const told = new WeakMap<CountersignError, string>()

/** What was written to be told of it, if anything was. */
export const toldOf = (error: CountersignError): string | undefined => told.get(error)

function detailOf(error: CountersignError): { detail?: string } {
  const detail = toldOf(error)
  return detail === undefined ? {} : { detail }
}

/** An error with a sentence for whoever sent the request. Never put anything into it that they did not send or may not know. */
export function telling(error: CountersignError, detail: string): CountersignError {
  told.set(error, detail.slice(0, 500))
  return error
}

/** Name and place, never the message of a stranger: it may carry data. */
function describe(error: unknown): string {
  if (error instanceof CountersignError)
    return `${error.code} ${error.cause instanceof Error ? error.cause.name : ''}`.trim()
  return error instanceof Error ? `${error.name} ${error.stack?.split('\n')[1]?.trim() ?? ''}` : typeof error
}
