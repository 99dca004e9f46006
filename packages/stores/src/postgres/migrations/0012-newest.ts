import type { Migration } from '../migrate.ts'

/** What the ledger says last of an agent or a person: a row that says something older is not believed. */
export const newest: Migration = {
  name: '0012-newest',
  steps: [
    `create index if not exists entry_of_noun on entry (tenant, subject, index desc)
      where kind in ('agent.changed', 'person.changed')`,
  ],
}
