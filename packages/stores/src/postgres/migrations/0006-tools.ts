import type { Migration } from './migration.ts'

/** Tools of the servers behind the instance, each with the entry that says what it is now. */
export const tools: Migration = {
  name: '0006-tools',
  steps: [
    `create table if not exists tool (
      tenant text not null,
      id text not null,
      version int not null check (version > 0),
      server text not null,
      entry bigint not null,
      primary key (tenant, id))`,
    `create index if not exists tool_by_server on tool (tenant, server)`,
  ],
}
