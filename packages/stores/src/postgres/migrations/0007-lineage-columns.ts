import type { Migration } from '../migrate.ts'

/** Which columns flowed into which, once however often: what a column is followed along. Null is any of them. */
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
      primary key (tenant, from_node, to_node, digest))`,
    `create index if not exists ln_way_back on ln_way (tenant, to_node)`,
    `insert into ln_way (tenant, from_node, to_node, from_columns, to_columns, digest)
      select tenant, from_node, to_node, from_columns, to_columns,
        md5(coalesce(from_columns::text, '') || '>' || coalesce(to_columns::text, ''))
      from (select distinct tenant, from_node, to_node,
          case when '*' = any(from_columns) then null else from_columns end as from_columns,
          case when '*' = any(to_columns) then null else to_columns end as to_columns
        from ln_flow) flow
      on conflict do nothing`,
  ],
}
