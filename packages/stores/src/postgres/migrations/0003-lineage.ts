import type { Migration } from './migration.ts'

/** From where to where anything flowed. A node is written `kind:name`. */
export const lineage: Migration = {
  name: '0003-lineage',
  steps: [
    `create table if not exists ln_edge (
      tenant text not null,
      from_node text not null,
      to_node text not null,
      primary key (tenant, from_node, to_node))`,
    `create index if not exists ln_edge_back on ln_edge (tenant, to_node, from_node)`,
  ],
}
