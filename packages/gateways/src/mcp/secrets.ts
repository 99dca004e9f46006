/**
 * Strings at known places (JSON pointers, RFC 6901), exchanged for references on the way in and back in the run.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import type { Json } from '@countersign/schema'
import type { JsonObject } from './wire.ts'

/** A copy with the string at each pointer replaced. A place that is not there is left alone. @throws ERR_INPUT_INVALID */
export async function replaceAt(
  args: JsonObject,
  pointers: readonly string[],
  change: (value: string) => Promise<string>,
): Promise<JsonObject> {
  let result = args
  for (const pointer of pointers) {
    const path = pointer
      .slice(1)
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    result = (await at(result, path, change)) as JsonObject
  }
  return result
}

async function at(
  value: Json,
  [step, ...rest]: readonly string[],
  change: (value: string) => Promise<string>,
): Promise<Json> {
  if (step === undefined) {
    if (typeof value !== 'string')
      throw new CountersignError('ERR_INPUT_INVALID', { json: 'a secret that is not a string' })
    return change(value)
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return value
  const inner = (value as JsonObject)[step]
  if (inner === undefined) return value
  const changed = await at(inner, rest, change)
  return Array.isArray(value) ? value.with(Number(step), changed) : { ...(value as JsonObject), [step]: changed }
}
