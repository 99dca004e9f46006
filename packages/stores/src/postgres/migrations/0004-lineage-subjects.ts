import type { Migration } from '../migrate.ts'

/** Lineage by column, agent and person, and what each decision rested on. */
export const lineageSubjects: Migration = {
  name: '0004-lineage-subjects',
  steps: [
    `alter table ln_flow add column if not exists from_columns text[]`,
    `alter table ln_flow add column if not exists to_columns text[]`,
    `alter table ln_flow add column if not exists policies text[] not null default '{}'`,
    `create index if not exists ln_flow_between on ln_flow (tenant, from_node, to_node, at desc, action desc)`,
    `create index if not exists ln_flow_by_agent on ln_flow (tenant, agent, at desc, action desc)`,
    `create index if not exists ln_flow_on_behalf_of on ln_flow (tenant, on_behalf_of, at desc, action desc)
      where on_behalf_of is not null`,
    `create index if not exists ln_flow_by_approver on ln_flow using gin (approvers)`,
  ],
}
