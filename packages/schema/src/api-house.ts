/**
 * What the API says of the house itself: agents, policies, the ledger, lineage, what just happened, what went wrong.
 *
 * @module
 */
import { z } from 'zod'
import { Resource } from './action.ts'
import { Agent } from './agent.ts'
import { Moment, Named, PolicyView } from './api.ts'
import { SignOff } from './decision.ts'

// ── Agents ──────────────────────────────────────────────────────────────────────────────────────

export const AgentView = z.object({
  id: z.string(),
  version: z.number().int(),
  name: z.string(),
  owner: Named,
  team: z.string(),
  groups: z.array(z.string()),
  environment: z.string(),
  mode: z.enum(['enforce', 'observe']),
  status: z.enum(['active', 'stopped', 'retired']),
  keys: z.array(
    z.object({
      id: z.string(),
      createdAt: Moment,
      expiresAt: Moment,
      state: z.enum(['active', 'expired', 'revoked']),
    }),
  ),
  registeredBy: Named,
  changedBy: Named,
  openQuestions: z.number().int(),
  lastSeenAt: Moment.optional().describe('When it last asked for anything; absent if it never did.'),
  you: z.object({ mayChange: z.boolean(), mayStop: z.boolean(), mayStart: z.boolean(), mayRetire: z.boolean() }),
})
export type AgentView = z.infer<typeof AgentView>

export const AgentList = z.object({
  items: z.array(AgentView),
  you: z.object({ mayRegister: z.boolean() }),
  known: z
    .object({ teams: z.array(z.string()), agentGroups: z.array(z.string()) })
    .describe('Groups that an agent may be given; empty for those who may not register one.'),
})
export type AgentList = z.infer<typeof AgentList>

/** Registers an agent. It begins active, enforced, with one key. */
export const AgentInput = z.strictObject({
  id: Agent.shape.id,
  name: z.string().min(1).max(200),
  owner: z.string().min(1).max(100).describe('A person’s id.'),
  team: z.string().min(1).max(200).describe('A group that there is: of the registry, or of someone who signed in.'),
  groups: z.array(z.string().min(1).max(200)).max(50).default([]).describe('Of `agentGroups` in the configuration.'),
  environment: z.string().min(1).max(100),
  keyDays: z.number().int().min(1).max(365).default(90).describe('Days until its first key expires.'),
})
export type AgentInput = z.infer<typeof AgentInput>

/** Changes what is said of an agent; what is left out stays. Whoever does cannot sign for it any more (P3). */
export const AgentChangeInput = z
  .strictObject({
    name: AgentInput.shape.name.optional(),
    owner: AgentInput.shape.owner.optional(),
    team: AgentInput.shape.team.optional(),
    groups: z.array(z.string().min(1).max(200)).max(50).optional().describe('All of them, not those that are added.'),
    environment: AgentInput.shape.environment.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, { message: 'Say what shall be changed.' })
export type AgentChangeInput = z.infer<typeof AgentChangeInput>

export const KeyInput = z.strictObject({
  keyDays: z.number().int().min(1).max(365).default(90),
  overlapHours: z.number().int().min(0).max(168).default(24).describe('How long the keys of before still work.'),
})
export type KeyInput = z.infer<typeof KeyInput>

export const StopInput = z.strictObject({ because: z.string().min(1).max(2000).optional() })
export type StopInput = z.infer<typeof StopInput>

/** What to paste for one client. */
export const ReadyLine = z.object({
  client: z.string().describe('`curl`, `Claude Code`, `Codex`, …'),
  where: z.string().describe('`terminal`, a file of the client, or a language.'),
  text: z.string(),
})
export type ReadyLine = z.infer<typeof ReadyLine>

/** The only time the key is seen. What is kept is its SHA-256. */
export const IssuedKey = z.object({
  agent: AgentView,
  key: z.string(),
  expiresAt: Moment,
  ready: z.array(ReadyLine).describe('The key first; then the lines that use it, with the addresses of the gateways.'),
})
export type IssuedKey = z.infer<typeof IssuedKey>

// ── Policies ────────────────────────────────────────────────────────────────────────────────────

export const PolicyInForce = PolicyView.extend({
  signOff: SignOff.omit({ assurance: true, escalated: true })
    .extend({ assurance: SignOff.shape.assurance.optional() })
    .optional()
    .describe('Without `assurance` the risk decides it.'),
  place: z
    .object({ file: z.string(), line: z.number().int(), lastLine: z.number().int() })
    .optional()
    .describe('Where it is written.'),
})
/** What made policies load: the start, a file that changed, `countersign reload`, or SIGHUP. */
export const LoadedBy = z.enum(['start', 'file', 'operator', 'signal'])
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

// ── Ledger, lineage, events ─────────────────────────────────────────────────────────────────────

export const LedgerView = z.object({
  state: z.literal('unanchored').describe('Signed by this house alone: no witness has seen it yet.'),
  origin: z.string(),
  vkey: z.string().describe('Verifier key (https://c2sp.org/signed-note).'),
  size: z.number().int(),
  root: z.string().describe('Base64 of the root hash (RFC 6962).'),
  checkpoint: z.string().optional().describe('The newest signed checkpoint.'),
})
export type LedgerView = z.infer<typeof LedgerView>

export const LineageNodeView = z.object({
  kind: z.enum(['dataset', 'model', 'destination', 'agent']),
  name: z.string(),
})
export const FlowView = z.object({
  action: z.string(),
  at: Moment,
  agent: Named,
  onBehalfOf: Named.optional(),
  from: LineageNodeView,
  fromColumns: z.array(z.string()).optional().describe('Absent where nobody said: it may be any.'),
  to: LineageNodeView,
  toColumns: z.array(z.string()).optional().describe('Absent where nobody said: it may be any.'),
  how: z.enum(['reads', 'writes', 'sends', 'invokes', 'trains']),
  rows: z.number().int().optional(),
  approval: z.string().optional(),
  approvers: z.array(Named),
  policies: z.array(z.string()).describe('What the decision rested on.'),
})
export type FlowView = z.infer<typeof FlowView>

export const LineageEdgeView = z.object({
  from: z.number().int().describe('Place in `nodes`.'),
  to: z.number().int().describe('Place in `nodes`.'),
  how: FlowView.shape.how,
  times: z.number().int().describe('Runs between the two; 1,000 stands for that many or more.'),
  newest: FlowView.optional().describe('Absent where you may not see that run.'),
})
export type LineageEdgeView = z.infer<typeof LineageEdgeView>

/** What flowed through what was asked about, under which decisions; what lies before it, and what depends on it. */
export const LineageView = z.object({
  node: z.object({
    kind: z.enum(['dataset', 'column', 'model', 'destination', 'agent', 'person']),
    name: z.string().describe('A column is written `dataset.column`; a person is an id.'),
    title: z.string().describe('What people call it.'),
  }),
  flows: z.array(FlowView),
  next: z.string().optional(),
  nodes: z
    .array(LineageNodeView.extend({ step: z.number().int().describe('Negative before, 0 itself, positive after.') }))
    .describe('The nearest, at most 150.'),
  edges: z.array(LineageEdgeView).describe('Between these nodes, at most 1,000.'),
  before: z.number().int().describe('Nodes before it in all; 5,000 stands for that many or more.'),
  after: z.number().int().describe('Nodes after it in all; 5,000 stands for that many or more.'),
  total: z.number().int().describe('All of these with itself, each counted once.'),
})
export type LineageView = z.infer<typeof LineageView>

/** A hint that something changed, as server-sent events carry it: look again at what you show. */
export const EventHint = z.object({
  index: z.number().int(),
  kind: z.string(),
  approval: z.string().optional(),
  action: z.string().optional(),
  agent: z.string().optional(),
})
export type EventHint = z.infer<typeof EventHint>

// ── Trouble ─────────────────────────────────────────────────────────────────────────────────────

/** RFC 9457. `code` is from the house's catalogue. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().optional(),
  code: z.string(),
  requestId: z.string(),
})
export type Problem = z.infer<typeof Problem>

export const Health = z.object({ status: z.enum(['ok', 'unavailable']), version: z.string() })
export type Health = z.infer<typeof Health>
