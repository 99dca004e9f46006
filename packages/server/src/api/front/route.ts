/**
 * What every documented route has in common.
 *
 * @module
 */
import { z } from '@hono/zod-openapi'
import { Problem } from '@countersign/schema'
import { named } from './openapi-names.ts'

export const problemContent = {
  description: 'A problem (RFC 9457).',
  content: { 'application/problem+json': { schema: named(Problem) } },
}

export const answers = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  200: { description, content: { 'application/json': { schema: named(schema) } } },
  default: problemContent,
})

export const takes = <Schema extends z.ZodType>(schema: Schema) => ({
  body: { required: true, content: { 'application/json': { schema: named(schema) } } },
})

export const idOf = (prefix: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-zA-Z-]{1,64}$`))
    .openapi({ example: `${prefix}_01920000-0000-7000-8000-000000000000` })

export const paging = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().min(1).max(500).optional().openapi({ description: 'The `next` of the page before.' }),
}

export const text = z.string().min(1).max(500)

export const moment = (at: number): string => new Date(at).toISOString()
