import type { Migration } from './migration.ts'

/**
 * Who is in which groups, blinded, and which agents they answer for, so that a question reads those it asks and nobody
 * else. Null in a row of before: not known until it is written again, so it is read as well.
 */
export const members: Migration = {
  name: '0013-members',
  steps: [
    `alter table person add column if not exists groups text[]`,
    `create index if not exists person_by_group on person using gin (groups)`,
    `create index if not exists person_of_before on person (tenant) where groups is null`,
    `alter table agent add column if not exists owner text`,
    `alter table agent add column if not exists team text`,
    `create index if not exists agent_by_owner on agent (tenant, owner)`,
    `create index if not exists agent_by_team on agent (tenant, team)`,
  ],
}
