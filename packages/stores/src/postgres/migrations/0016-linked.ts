import type { Migration } from './migration.ts'

/** The accounts by which people answer in channels, blinded: each is found by whose it is. */
export const linked: Migration = {
  name: '0016-linked',
  steps: [
    `alter table person add column if not exists linked_keys text[] not null default '{}'`,
    `create index if not exists person_by_linked on person using gin (linked_keys) where linked_keys <> '{}'`,
  ],
}
