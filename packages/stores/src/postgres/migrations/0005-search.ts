import type { Migration } from './migration.ts'

/**
 * By what actions are found: one row for each, where in the ledger it is told of, and the blinded terms of all that it can
 * be asked for. Parts are made as the ledger grows (`search/partitions.ts`). `seen`: which agent was permitted what.
 * `erasures`: how often something was erased that whoever follows may have read before.
 */
export const search: Migration = {
  name: '0005-search',
  steps: [
    `create table if not exists searched (
      tenant text not null,
      entry bigint not null,
      permit bigint,
      ended bigint,
      approval bigint,
      risk smallint not null,
      terms bigint[] not null,
      primary key (tenant, entry)) partition by range (entry)`,
    `create table if not exists seen (
      tenant text not null,
      agent bigint not null,
      operation bigint not null,
      primary key (tenant, agent, operation))`,
    `alter table cursor add column if not exists erasures bigint not null default 0`,
  ],
}
