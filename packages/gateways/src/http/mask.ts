import type { Json } from '@countersign/schema'

/** What stands where policy lets nobody look. */
const masked = '[masked]'

/**
 * Replaces every member with one of these names, wherever it stands. Of a qualified name (`crm.customers.email`) the
 * last part counts: an answer does not say which dataset a member is from, so all of that name are masked.
 */
export function mask(value: Json, fields: readonly string[]): Json {
  return cover(value, new Set(fields.map((field) => field.slice(field.lastIndexOf('.') + 1))))
}

function cover(value: Json, names: ReadonlySet<string>): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: Json) => cover(item, names))
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, names.has(name) ? masked : cover(item as Json, names)]),
  )
}
