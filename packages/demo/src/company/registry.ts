import type { Registry } from '@countersign/schema'

/**
 * What Countersign is told of the company's data, models, destinations and roles: the `registry` of its configuration.
 */
export const companyRegistry = {
  datasets: {
    'finance.orders': { domain: 'finance', classes: ['financial'], owner: 'finance-systems' },
    'finance.ledger': { domain: 'finance', classes: ['financial'], owner: 'finance-systems' },
    'crm.customers': {
      domain: 'crm',
      classes: ['pii'],
      owner: 'customer-care',
      columns: { name: ['pii'], email: ['pii'], phone: ['pii'], born: ['pii'], iban: ['pii', 'financial'] },
    },
    'ml.training': { domain: 'ml', classes: ['confidential'], owner: 'ml-platform' },
    'support.tickets': { domain: 'support', classes: ['internal'], owner: 'customer-care' },
  },
  models: {
    'support-assistant': { external: false, owner: 'ml-platform' },
    'churn-forecast': { external: false, owner: 'ml-platform' },
    'invoice-reader': { external: false, owner: 'ml-platform' },
    'in-house-7b': { external: false, owner: 'ml-platform' },
    'gpt-x': { external: true },
  },
  destinations: {
    'warehouse.acme.example': { outside: false },
    'partner-drive.example': { outside: true },
    's3://own-reports': { outside: false },
    'partner-sftp': { outside: true },
  },
  roles: {
    'finance-admin': { privileged: true },
    'production-db-admin': { privileged: true },
    'report-reader': { privileged: false },
    'db-admin': { privileged: true },
    reader: { privileged: false },
  },
  agentGroups: ['ml-agents', 'finance-agents', 'platform-agents'],
  groups: ['agent-owners', 'finance-controllers', 'cfo-office', 'security-admins', 'auditors'],
} satisfies Partial<Registry>
