import type { Migration } from './migration.ts'

/** Runs that nobody knows the end of are few: asked for by their action, without a cost to those that end well. */
export const openEnded: Migration = {
  name: '0009-open-ended',
  steps: [
    `create index if not exists permit_unknown on permit (tenant, digest_key, entry desc) where outcome = 'unknown'`,
  ],
}
