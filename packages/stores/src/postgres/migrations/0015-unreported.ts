import type { Migration } from './migration.ts'

/** Permits that were handed out and of which nobody said what came of them are asked for by their action, as unknown ones are. */
export const unreported: Migration = {
  name: '0015-unreported',
  steps: [
    `alter table permit drop constraint if exists permit_outcome_check`,
    `alter table permit add constraint permit_outcome_check
      check (outcome in ('done', 'failed', 'unknown', 'unreported'))`,
    `create index if not exists permit_unreported on permit (tenant, digest_key, entry desc) where outcome = 'unreported'`,
  ],
}
