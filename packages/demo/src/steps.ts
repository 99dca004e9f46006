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
  read: {
    id: 'read',
    title: 'Read ten orders',
    agent: 'finance-bot',
    purpose: 'Checking the format before an export.',
    call: { over: 'http', method: 'GET', path: '/company/finance/orders?limit=10' },
  },
  'ask-model': {
    id: 'ask-model',
    title: 'Ask the support assistant a question',
    agent: 'ml-bot',
    purpose: 'A smoke test of the new model.',
    call: {
      over: 'http',
      method: 'POST',
      path: '/company/models/support-assistant/answers',
      body: { question: 'Where is my parcel?' },
    },
  },
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
  'train-outside': {
    id: 'train-outside',
    title: 'Fine-tune a model outside the company on customer records',
    agent: 'ml-bot',
    purpose: 'The outside model is larger.',
    call: {
      over: 'http',
      method: 'POST',
      path: '/lab/fine-tunes',
      body: { model: 'gpt-elsewhere', dataset: 'crm.customers', epochs: 1 },
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
  rebuild: {
    id: 'rebuild',
    title: 'Rebuild the search index, which nobody has described to Countersign',
    agent: 'ops-bot',
    purpose: 'Search misses the orders of yesterday.',
    call: { over: 'http', method: 'POST', path: '/company/search/rebuilds', body: {} },
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
