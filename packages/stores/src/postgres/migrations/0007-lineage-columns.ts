import type { Migration } from './migration.ts'

/**
 * Which columns flowed into which, how often, where the action begins that did it last, and how: what a column is followed
 * along. Null is any of them.
 */
export const lineageColumns: Migration = {
  name: '0007-lineage-columns',
  steps: [
    `create table if not exists ln_way (
      tenant text not null,
      from_node text not null,
      to_node text not null,
      from_columns text[],
      to_columns text[],
      digest text not null,
      times bigint not null,
      newest_at bigint not null,
      newest bigint not null,
      how text not null,
      primary key (tenant, from_node, to_node, digest))`,
    `create index if not exists ln_way_back on ln_way (tenant, to_node)`,
  ],
}
