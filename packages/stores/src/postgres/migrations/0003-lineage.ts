import type { Migration } from '../migrate.ts'

/** What flowed where. A node is written `kind:name`. */
export const lineage: Migration = {
  name: '0003-lineage',
  steps: [
    `create table if not exists ln_node (
      tenant text not null,
      node text not null,
      primary key (tenant, node))`,
    `create table if not exists ln_edge (
      tenant text not null,
      from_node text not null,
      to_node text not null,
      primary key (tenant, from_node, to_node))`,
    `create index if not exists ln_edge_back on ln_edge (tenant, to_node, from_node)`,
    `create table if not exists ln_flow (
      tenant text not null,
      action text not null,
      from_node text not null,
      to_node text not null,
      how text not null,
      at bigint not null,
      agent text not null,
      on_behalf_of text,
      rows bigint,
      approval text,
      approvers text[] not null,
      primary key (tenant, action, from_node, to_node, how))`,
    `create index if not exists ln_flow_from on ln_flow (tenant, from_node, at desc, action desc)`,
    `create index if not exists ln_flow_to on ln_flow (tenant, to_node, at desc, action desc)`,
  ],
}
