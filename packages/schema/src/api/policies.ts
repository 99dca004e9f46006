/**
 * What the API says of policies: those in force, why they decided so, what others would change.
 *
 * @module
 */
import { z } from 'zod'
import { Resource } from '../action.ts'
import { Moment, PolicyView } from './api.ts'
import { SignOff } from '../decision.ts'

export const PolicyInForce = PolicyView.extend({
  signOff: SignOff.omit({ assurance: true, escalated: true })
    .extend({ assurance: SignOff.shape.assurance.optional() })
    .optional()
    .describe('Without `assurance` the risk decides it.'),
  source: z
    .object({ file: z.string(), line: z.number().int(), lastLine: z.number().int() })
    .optional()
    .describe('Where it is written.'),
})
/**
 * What made policies load: the start, a file that changed, `countersign reload`, SIGHUP, or that another instance brought others
 * in force.
 */
export const LoadedBy = z.enum(['start', 'file', 'operator', 'signal', 'ledger'])
export type LoadedBy = z.infer<typeof LoadedBy>

export const PolicySetView = z.object({
  version: z.string(),
  policies: z.array(PolicyInForce),
  loaded: z.object({ at: Moment, by: LoadedBy, files: z.array(z.string()) }).describe('At the instance that answers.'),
  refused: z
    .object({
      since: Moment,
      by: LoadedBy.describe('What read them last.'),
      problems: z.array(
        z.object({
          file: z.string().describe('Empty where no file is to blame.'),
          line: z.number().int(),
          column: z.number().int(),
          policy: z.string().optional(),
          says: z.string(),
          text: z.string().describe('The line, at most 300 characters of it.'),
        }),
      ),
    })
    .optional()
    .describe('What lies on disk and does not pass, so that the set of before stays; at most 50 problems.'),
})
export type PolicySetView = z.infer<typeof PolicySetView>

const Evaluated = z.object({
  kind: z.enum(['allow', 'deny', 'error']),
  by: z.array(PolicyView),
  says: z.string().optional(),
})

const ExplainedResource = z.object({
  resource: Resource,
  auto: Evaluated,
  approvable: Evaluated,
  says: z.string().describe('What it comes down to.'),
  changes: z
    .array(z.object({ change: z.string(), answer: z.string() }))
    .describe('Changes of one thing each, tried, that give another answer.'),
})

/** What the active policies say of a recorded action, next to what was decided then. */
export const Explanation = z.object({
  actionId: z.string(),
  decided: z.object({ decision: z.enum(['allow', 'ask', 'deny']), version: z.string(), by: z.array(PolicyView) }),
  now: z.object({ version: z.string(), resources: z.array(ExplainedResource) }),
})
export type Explanation = z.infer<typeof Explanation>

/** An action written as a case of `cases.yaml` writes what is given, in YAML or JSON. Nothing runs. */
export const ExplainInput = z.strictObject({ text: z.string().min(1).max(20_000) })

export const TextExplanation = z.object({
  version: z.string(),
  risk: z.number().int(),
  resources: z.array(ExplainedResource),
})
export type TextExplanation = z.infer<typeof TextExplanation>

const CasesView = z.object({
  ok: z.boolean().describe('Every case came out as expected, and every policy decided one.'),
  results: z.array(z.object({ name: z.string(), passed: z.boolean(), expected: z.string(), got: z.string() })),
  untested: z.array(z.string()).describe('Policies that decided no case.'),
})

export const PolicyTests = z.object({
  version: z.string(),
  cases: CasesView.optional().describe('Absent where the site has no `cases.yaml`.'),
})
export type PolicyTests = z.infer<typeof PolicyTests>

export const PolicyFileView = z.strictObject({
  name: z
    .string()
    .max(200)
    .regex(/^[\w.-]+\.cedar(schema)?$/),
  text: z.string().max(1 << 20),
})
export const PolicyFiles = z.strictObject({ files: z.array(PolicyFileView).min(1).max(100) })
export type PolicyFiles = z.infer<typeof PolicyFiles>

/** What a candidate would change. It is put in force nowhere. */
export const CandidateView = z.object({
  problems: z
    .array(
      z.object({
        file: z.string(),
        line: z.number().int(),
        column: z.number().int(),
        policy: z.string().optional(),
        says: z.string(),
      }),
    )
    .describe('None: it passes every check that activating makes.'),
  version: z.string().optional(),
  added: z.array(z.string()),
  removed: z.array(z.string()),
  changed: z.array(z.string()),
  differences: z
    .array(z.object({ name: z.string(), expected: z.string(), now: z.string(), would: z.string() }))
    .describe('Cases that would come out otherwise than now.'),
  cases: CasesView.optional(),
})
export type CandidateView = z.infer<typeof CandidateView>

const Tally = z.object({ allow: z.number().int(), ask: z.number().int(), deny: z.number().int() })

/** How often each policy decided something, from the record. */
export const PolicyUse = z.object({
  from: Moment,
  to: Moment,
  actions: z.number().int().describe('Actions counted: the newest of the time asked for.'),
  more: z.boolean().describe('There are more actions in this time than were counted.'),
  days: z.array(Tally.extend({ day: z.string().describe('UTC, `2026-11-22`.') })),
  policies: z.array(Tally.extend({ id: z.string(), lastAt: Moment })),
})
export type PolicyUse = z.infer<typeof PolicyUse>
