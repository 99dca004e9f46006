import type { Migration } from '../migrate.ts'

/**
 * The ways to find an action. A rare value is found by its own index; a common one by walking back from the newest, of
 * which `entry desc` is the order. Keywords are blinded (`keysOf`) and cut to 64 bits.
 */
export const search: Migration = {
  name: '0005-search',
  steps: [
    `create index if not exists action_by_moment on action (tenant, at, entry)`,
    `drop index if exists action_by_time`,
    `create index if not exists action_by_operation on action (tenant, operation, entry desc)`,
    `create index if not exists action_by_environment on action (tenant, environment, entry desc)`,
    `create index if not exists action_by_decision on action (tenant, decision, entry desc) where decision <> 'allow'`,
    `create index if not exists action_by_risk on action (tenant, risk, entry desc) where risk >= 50`,
    `create index if not exists action_by_approval on action (tenant, approval, entry desc) where approval is not null`,
    `create index if not exists countersignature_by_person on countersignature (tenant, person, approval)`,
    `create table if not exists action_keyword (
      tenant text not null,
      entry bigint not null,
      keywords bigint[] not null,
      primary key (tenant, entry))`,
    `create index if not exists action_by_keyword on action_keyword using gin (keywords)`,
  ],
}
