/**
 * What the agents of the story do, as the requests that they really send.
 *
 * @module
 */
import type { AgentId } from './cast.ts'

export interface Step {
  readonly id: string
  /** What happens, in one sentence for people. */
  readonly title: string
  readonly agent: AgentId
  readonly purpose: string
  readonly call:
    | { readonly over: 'http'; readonly method: string; readonly path: string; readonly body?: object }
    | { readonly over: 'mcp'; readonly tool: string; readonly arguments: Readonly<Record<string, string>> }
}

export const steps = {
  'fine-tune': {
    id: 'fine-tune',
    title: 'Fine-tune the support assistant on support tickets, in the lab',
    agent: 'ml-bot',
    purpose: 'The weekly refresh of the support assistant.',
    call: {
      over: 'http',
      method: 'POST',
      path: '/lab/fine-tunes',
      body: { model: 'support-assistant', dataset: 'support.tickets', epochs: 3 },
    },
  },
  export: {
    id: 'export',
    title: 'Export 48,211 rows of finance.orders to the warehouse',
    agent: 'finance-bot',
    purpose: 'The quarterly revenue report that finance asked for.',
    call: {
      over: 'http',
      method: 'POST',
      path: '/company/finance/exports',
      body: { dataset: 'finance.orders', rows: 48_211, destination: 'warehouse.acme.example', format: 'csv' },
    },
  },
  'leave-the-boundary': {
    id: 'leave-the-boundary',
    title: 'Send customer records as training data to a partner',
    agent: 'finance-bot',
    purpose: 'A partner offers to train a better model.',
    call: {
      over: 'http',
      method: 'POST',
      path: '/company/training/exports',
      body: { dataset: 'crm.customers', destination: 'partner-drive.example' },
    },
  },
  promote: {
    id: 'promote',
    title: 'Promote the invoice reader to production',
    agent: 'ml-bot',
    purpose: 'It did well in staging for an hour.',
    call: {
      over: 'http',
      method: 'POST',
      path: '/company/models/invoice-reader/promotions',
      body: { stage: 'production' },
    },
  },
  'grant-itself': {
    id: 'grant-itself',
    title: 'Give the role production-db-admin to itself',
    agent: 'ops-bot',
    purpose: 'It would be quicker with more rights.',
    call: {
      over: 'http',
      method: 'POST',
      path: '/company/roles/production-db-admin/grants',
      body: { grantee: 'ops-bot@acme.example' },
    },
  },
  'write-file': {
    id: 'write-file',
    title: 'Overwrite the runbook through the file tools',
    agent: 'ops-bot',
    purpose: 'The runbook names a host that is gone.',
    call: {
      over: 'mcp',
      tool: 'write_file',
      arguments: { path: 'runbook.md', content: '# Runbook\n\nRestart orders-2, not orders-1.\n' },
    },
  },
} as const satisfies Record<string, Step>

export type StepId = keyof typeof steps
