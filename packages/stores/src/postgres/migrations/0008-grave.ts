import type { Migration } from '../migrate.ts'

/** The gravest risks are few and asked for newest first: by their own order, not by looking through all actions. */
export const grave: Migration = {
  name: '0008-grave',
  steps: [`create index if not exists action_grave on action (tenant, entry desc) where risk >= 90`],
}
