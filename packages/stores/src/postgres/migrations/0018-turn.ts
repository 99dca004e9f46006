import type { Migration } from '../migrate.ts'

/** Who lost to others again and again asks for a turn: the oldest goes first, and none lives longer than a moment. */
export const turn: Migration = {
  name: '0018-turn',
  steps: [
    `create table if not exists turn (
      tenant text not null,
      node text not null,
      asked bigint not null,
      until bigint not null,
      primary key (tenant, node))`,
  ],
}
