/**
 * What people search the record by, and what the store is asked for then.
 *
 * @module
 */
import {
  type ActionQuery,
  classKeyword,
  CountersignError,
  digestKeyword,
  purposeKeywords,
  type Store,
} from '@countersign/core'
import { z } from '@hono/zod-openapi'
import { Digest, type Person, Standing, Verb } from '@countersign/schema'
import { idOf, text } from '../front/route.ts'

const at = z.iso.datetime({ offset: true }).transform((moment) => Date.parse(moment))

/** Every filter of the search; all that are given must hold. */
export const actionFilters = {
  id: idOf('act').optional(),
  digest: Digest.optional().openapi({ description: 'Of the sealed action: the same action, however often.' }),
  agent: text.optional(),
  person: text.optional().openapi({
    description:
      'Acted for, or started the session: a person’s id, email address or whole name, in any case. Of several who are called so, any.',
  }),
  signer: text.optional().openapi({ description: 'Approved or rejected it: an id, an email address or a whole name.' }),
  approval: idOf('apr').optional(),
  dataset: text.optional().openapi({ description: 'Read or written, by its whole name.' }),
  class: text.optional().openapi({ description: 'A class of the data it touches: `financial`, `personal`, …' }),
  model: text.optional(),
  verb: Verb.optional(),
  operation: text.optional().openapi({ description: 'The stable name of what is done: `crm/delete_rows`.' }),
  environment: text.optional(),
  decision: z.enum(['allow', 'ask', 'deny']).optional(),
  outcome: z.enum(['running', 'done', 'failed', 'unknown', 'unreported']).optional(),
  standing: Standing.optional().openapi({ description: 'Where it stands, as recorded.' }),
  risk: z.coerce.number().int().min(0).max(100).optional().openapi({ description: 'At least.' }),
  purpose: text
    .refine((given) => purposeKeywords(given).length > 0, 'needs a letter or a digit')
    .optional()
    .openapi({
      description: 'Words of what the agent claimed as its purpose: all of them, whole, in any order and case.',
    }),
  from: at.optional().openapi({ type: 'string', format: 'date-time', description: 'Decided at or after.' }),
  to: at.optional().openapi({ type: 'string', format: 'date-time', description: 'Decided before.' }),
}
type Filters = z.output<z.ZodObject<typeof actionFilters>>

/**
 * People are found by what others call them: of several of one name, all that any of them did. Who asks learns no more of
 * who is called so than the actions say that they may see. Nobody of that name did anything, so nothing is found.
 *
 * @throws ERR_INPUT_INVALID for a standing that contradicts what else is asked
 */
export async function queryOf(
  { digest, class: ofClass, standing, risk, purpose, person, signer, ...query }: Filters,
  people: Pick<Store['people'], 'list'>,
): Promise<ActionQuery> {
  const says = standing === undefined ? {} : standingQuery[standing]
  const twice = Object.keys(says).find((name) => query[name as keyof typeof query] !== undefined)
  if (twice !== undefined) throw new CountersignError('ERR_INPUT_INVALID', `${twice}: is part of the standing already`)
  const keywords = [
    ...(purpose === undefined ? [] : purposeKeywords(purpose)),
    ...(ofClass === undefined ? [] : [classKeyword(ofClass)]),
    ...(digest === undefined ? [] : [digestKeyword(digest)]),
  ]
  const everyone = isIdOrNone(person) && isIdOrNone(signer) ? [] : await people.list()
  return {
    ...query,
    ...says,
    riskAtLeast: risk,
    ...(person !== undefined && { people: calledSo(person, everyone) }),
    ...(signer !== undefined && { signers: calledSo(signer, everyone) }),
    ...(keywords.length > 0 && { keywords }),
  }
}

function calledSo(called: string, everyone: readonly Person[]): string[] {
  if (isIdOrNone(called)) return [called]
  const wanted = called.toLowerCase()
  return everyone.flatMap(({ id, name, email }) =>
    [name, email].some((each) => each?.toLowerCase() === wanted) ? [id] : [],
  )
}

const isIdOrNone = (called: string | undefined) => called === undefined || called.startsWith('per_')

/** A standing is the outcome if there is one, else what became of the question. */
const standingQuery: Readonly<Record<Standing, ActionQuery>> = {
  denied: { decision: 'deny' },
  waiting: { question: 'open' },
  granted: { question: 'granted' },
  rejected: { question: 'rejected' },
  expired: { question: 'expired' },
  cancelled: { question: 'cancelled' },
  voided: { question: 'voided' },
  running: { outcome: 'running' },
  done: { outcome: 'done' },
  failed: { outcome: 'failed' },
  unknown: { outcome: 'unknown' },
  unreported: { outcome: 'unreported' },
}

/** For the record of who looked for what. */
export const asText = (query: Readonly<Record<string, string | number | undefined>>): string =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, `${value}`]],
    ),
  ).toString()
