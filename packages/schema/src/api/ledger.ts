/**
 * What the API says of the ledger, and of what flowed where by its record.
 *
 * @module
 */
import { z } from 'zod'
import { Moment, Named } from './api.ts'

export const LedgerView = z.object({
  state: z.literal('unanchored').describe('Signed by this deployment alone: no witness has seen it yet.'),
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
  newest: FlowView.optional().describe('Absent where you may not see that run, or it was erased.'),
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
