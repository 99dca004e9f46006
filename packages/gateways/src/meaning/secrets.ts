/**
 * Secrets at known positions of a document (JSON pointers, RFC 6901), exchanged for references on the way in and back
 * in the run.
 *
 * @module
 */
import { canonical, CountersignError, type ExactJson, parseExactJson } from '@countersign/core'

export interface Kept {
  readonly json: ExactJson
  /** The pointers at which references stand now. */
  readonly found: readonly string[]
}

/** A copy with references where secrets stand. A pointer to nothing is left alone. */
export async function keepAt(
  document: ExactJson,
  pointers: readonly string[],
  keep: (secret: string) => Promise<string>,
): Promise<Kept> {
  const found: string[] = []
  let json = document
  for (const pointer of pointers) {
    // Looked up in what is left: a secret inside one that is already kept went with it.
    const value = at(json, pointer)
    if (value === undefined) continue
    // As JSON, so that what comes back has its type.
    json = put(json, stepsOf(pointer), await keep(canonical(value)))
    found.push(pointer)
  }
  return { json, found }
}

/**
 * The other way round, where references stand and nowhere else: one that an agent wrote itself is only text.
 *
 * @throws ERR_SECRET_UNKNOWN
 */
export async function revealAt(
  document: ExactJson,
  pointers: readonly string[],
  reveal: (reference: string) => Promise<string>,
): Promise<ExactJson> {
  let json = document
  // The last one kept may hold the earlier ones.
  for (const pointer of pointers.toReversed()) {
    const reference = at(json, pointer)
    if (typeof reference !== 'string') throw new CountersignError('ERR_SECRET_UNKNOWN', { pointer })
    const secret = await reveal(reference)
    json = put(json, stepsOf(pointer), parseExactJson(secret, { bytes: secret.length, depth: 100 }))
  }
  return json
}

/** RFC 6901 §4. */
const stepsOf = (pointer: string): string[] =>
  pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))

function at(json: ExactJson, pointer: string): ExactJson | undefined {
  let value: ExactJson | undefined = json
  for (const step of stepsOf(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    if (Array.isArray(value) && !/^\d+$/.test(step)) return undefined // its `length` is none of its items
    value = (value as Readonly<Record<string, ExactJson>>)[step]
  }
  return value
}

/** A copy with `value` at the end of the path, which exists. */
function put(json: ExactJson | undefined, [step, ...rest]: readonly string[], value: ExactJson): ExactJson {
  if (step === undefined) return value
  if (Array.isArray(json))
    return (json as readonly ExactJson[]).map((item, index) => (String(index) === step ? put(item, rest, value) : item))
  const members = json as Readonly<Record<string, ExactJson>>
  return { ...members, [step]: put(members[step], rest, value) }
}
