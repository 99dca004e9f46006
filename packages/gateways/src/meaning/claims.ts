/**
 * What an agent says about itself beside the action: why, on which trace, which attempt. Each has one bound, whatever the
 * protocol.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import { Purpose } from '@countersign/schema'
import { z } from 'zod'

const Given = z.union([z.string().transform((text) => ({ text })), z.unknown()]).pipe(Purpose)

/** `given` is a text, or { text, workItem, link }; nothing of it is nothing. @throws ERR_INPUT_INVALID */
export function purposeOf(given: unknown): Purpose | undefined {
  if (given === undefined) return undefined
  const { success, data } = Given.safeParse(given)
  if (!success) throw new CountersignError('ERR_INPUT_INVALID', { input: 'The purpose is too long or not text.' })
  return Object.values(data).some(Boolean) ? data : undefined
}

/** https://www.w3.org/TR/trace-context/#traceparent-header, or a model's own name for its call. Anything else is no trace. */
export const traceOf = (...given: readonly unknown[]): string | undefined =>
  given.find((value): value is string => typeof value === 'string' && /^[\w.:-]{1,200}$/.test(value))

/** @throws ERR_INPUT_INVALID */
export function attemptIdOf(given: string | undefined): string | undefined {
  if (given === undefined || (given !== '' && given.length <= 255)) return given
  throw new CountersignError('ERR_INPUT_INVALID', { input: 'An attempt’s id has 1 to 255 characters.' })
}
