import type { Migration } from './migration.ts'

/** What permits are judged on, beside agents and people: the definition pinned of a tool, and which policies are in force. */
export const judgedOn: Migration = {
  name: '0020-judged-on',
  steps: [
    `alter table tool add column if not exists pinned text`,
    `create table if not exists policy (
      tenant text not null primary key,
      version text not null,
      entry bigint not null)`,
  ],
}
