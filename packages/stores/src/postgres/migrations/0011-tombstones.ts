import type { Migration } from './migration.ts'

/** What is over although somebody still holds its encrypted state. */
export const tombstones: Migration = {
  name: '0011-tombstones',
  steps: [
    `create table if not exists tombstone (
      tenant text not null,
      name text not null,
      until bigint not null,
      primary key (tenant, name))`,
    `create index if not exists tombstone_by_time on tombstone (tenant, until)`,
  ],
}
