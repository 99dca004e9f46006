/**
 * The closed vocabulary of annotations. What it does not list, or lists for another kind of policy, is an error.
 *
 * @module
 */
import { Assurance } from '@countersign/schema'
import { z } from 'zod'

const unitsMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
/** The longest that a question may stay open, or an approval good: what was asked a month ago is not what is so now. */
const longestMs = 30 * unitsMs.d

const Name = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,62}$/, 'must be a name in small letters, digits and dashes')
const Sentence = z.string().trim().min(1, 'must not be empty').max(500, 'is too long')

function millisecondsOf(text: string, context: z.RefinementCtx): number {
  const match = /^([1-9]\d{0,5})([smhd])$/.exec(text)
  const milliseconds = match ? Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs] : Number.NaN
  if (milliseconds <= longestMs) return milliseconds
  context.addIssue({ code: 'custom', message: `must be a duration like "30m", at most 30 days, not "${text}"` })
  return z.NEVER
}

const Duration = z.string().transform(millisecondsOf)

const Approve = z.string().transform((text, context) => {
  const match = /^([1-9]) of (\S+(?: \S+)*)$/.exec(text)
  const from = match?.[2]?.split(',').map((group) => group.trim()) ?? []
  if (match && from.every((group) => /^\S+$/.test(group)) && new Set(from).size === from.length) {
    return { quorum: Number(match[1]), from }
  }
  context.addIssue({ code: 'custom', message: `must be like "2 of security-admins, dba", not "${text}"` })
  return z.NEVER
})

const Escalate = z.string().transform((text, context) => {
  const match = /^(\S+) after (\S+)$/.exec(text)
  if (match?.[1] && match[2]) return { to: match[1], afterMs: millisecondsOf(match[2], context) }
  context.addIssue({ code: 'custom', message: `must be like "cfo-office after 15m", not "${text}"` })
  return z.NEVER
})

const Mask = z.string().transform((text, context) => {
  const fields = text.split(',').map((field) => field.trim())
  if (fields.every((field) => /^(\*|[\w-]+)(\.(\*|[\w-]+))+$/.test(field))) return { kind: 'mask' as const, fields }
  context.addIssue({ code: 'custom', message: `must be like "customers.email, *.ssn", not "${text}"` })
  return z.NEVER
})

const Limit = z.string().transform((text, context) => {
  const rows = Number(/^([1-9]\d{0,14}) rows$/.exec(text)?.[1])
  if (Number.isSafeInteger(rows)) return { kind: 'limit' as const, rows }
  context.addIssue({ code: 'custom', message: `must be like "1000 rows", not "${text}"` })
  return z.NEVER
})

const only = (word: string) => z.literal(word, { error: `can only be "${word}"` }).optional()

const everywhere = { id: Name, doc: Sentence, owner: Sentence, control: Sentence.optional() }
const onSignOffs = {
  approve: Approve,
  timeout: Duration.default(15 * unitsMs.m),
  valid: Duration.default(15 * unitsMs.m),
  escalate: Escalate.optional(),
  assurance: z.enum(Assurance.options, { error: `must be one of ${Assurance.options.join(', ')}` }).optional(),
  reason: only('required'),
  distinct: only('true'),
  purpose: only('required'),
  mode: only('enforcing'),
  grants: only('allowed'),
  edit: only('forbidden'),
}
const onAllowances = { mask: Mask.optional(), limit: Limit.optional() }

const Allowance = z.strictObject({ ...everywhere, ...onAllowances })
const Prohibition = z.strictObject(everywhere)
const SignOffWords = z
  .strictObject({ ...everywhere, ...onSignOffs })
  .refine(({ escalate, timeout }) => !escalate || escalate.afterMs < timeout, {
    path: ['escalate'],
    message: 'comes too late: the question has expired by then',
  })

export type Reading =
  | { readonly kind: 'allowance'; readonly words: z.infer<typeof Allowance> }
  | { readonly kind: 'prohibition'; readonly words: z.infer<typeof Prohibition> }
  | { readonly kind: 'sign-off'; readonly words: z.infer<typeof SignOffWords> }
  | { readonly kind: 'unreadable'; readonly says: readonly string[] }

type Written = Readonly<Record<string, string>>

/** A forbid with `@approve` is a sign-off, one without is a prohibition, a permit is an allowance. */
export function readAnnotations(effect: 'permit' | 'forbid', written: Written): Reading {
  if (effect === 'permit') {
    const read = Allowance.safeParse(written)
    return read.success ? { kind: 'allowance', words: read.data } : unreadable(read.error, written)
  }
  if (!Object.hasOwn(written, 'approve')) {
    const read = Prohibition.safeParse(written)
    return read.success ? { kind: 'prohibition', words: read.data } : unreadable(read.error, written)
  }
  const read = SignOffWords.safeParse(written)
  return read.success ? { kind: 'sign-off', words: read.data } : unreadable(read.error, written)
}

function unreadable(error: z.ZodError, written: Written): Reading {
  return { kind: 'unreadable', says: error.issues.flatMap((issue) => sayings(issue, written)) }
}

function sayings(issue: z.core.$ZodIssue, written: Written): string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map(misplaced)
  const word = String(issue.path[0])
  return [Object.hasOwn(written, word) ? `@${word} ${issue.message}` : `@${word}("…") is missing`]
}

function misplaced(word: string): string {
  if (Object.hasOwn(onSignOffs, word)) return `@${word} stands only on a forbid with @approve`
  if (Object.hasOwn(onAllowances, word)) return `@${word} stands only on a permit`
  return `@${word} is not a known annotation`
}
