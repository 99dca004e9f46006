import type { Migration } from './migration.ts'

/**
 * Runs that have not ended, by what they do: the same sent again has to find them. Reads are never in anyone's way, so
 * they stay out of the index. `abandoned` is no fact of the ledger: it says that a client has gone.
 */
export const begun: Migration = {
  name: '0010-begun',
  steps: [
    `alter table permit add column if not exists node text not null default ''`,
    `alter table permit add column if not exists abandoned boolean not null default false`,
    `create index if not exists permit_begun on permit (tenant, digest_key, entry desc) where replayable and outcome is null`,
  ],
}
