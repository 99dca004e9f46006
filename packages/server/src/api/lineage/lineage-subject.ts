import { CountersignError, type LineageSubject } from '@countersign/core'
import { z } from '@hono/zod-openapi'
import { telling } from '../../http/problems.ts'
import { text } from '../front/route.ts'

const kinds = ['dataset', 'column', 'model', 'destination', 'agent', 'person'] as const

/** What lineage is asked about: exactly one of these. */
export const subjectQuery = {
  dataset: text.optional(),
  column: text.optional().openapi({ description: 'As `dataset.column`.' }),
  model: text.optional(),
  destination: text.optional(),
  agent: text.optional(),
  person: text.optional().openapi({ description: 'An id: acted for, or approved by.' }),
}
const Asked = z.object(subjectQuery)

/** @throws ERR_INPUT_INVALID unless exactly one thing is asked for */
export function subjectOf(asked: z.infer<typeof Asked>): LineageSubject {
  const given = kinds.flatMap((kind) => (asked[kind] === undefined ? [] : [{ kind, name: asked[kind] }]))
  const [subject] = given
  if (!subject || given.length > 1) throw refused(`Ask for exactly one of ${kinds.join(', ')}.`)
  const { kind, name } = subject
  if (kind !== 'column') return { kind, name }
  // Datasets have dots in their names; a column is what stands behind the last one.
  const dot = name.lastIndexOf('.')
  if (dot < 1 || dot === name.length - 1)
    throw refused('A column is written dataset.column, as in finance.orders.email.')
  return { kind, dataset: name.slice(0, dot), name: name.slice(dot + 1) }
}

const refused = (says: string) => telling(new CountersignError('ERR_INPUT_INVALID'), says)

/** As it is asked for, and as it stands on record. */
export const wordOf = (subject: LineageSubject): string =>
  subject.kind === 'column' ? `${subject.dataset}.${subject.name}` : subject.name
