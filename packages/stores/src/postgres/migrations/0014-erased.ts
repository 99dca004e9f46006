import type { Migration } from './migration.ts'

/** An agent that was erased keeps its row, and nothing in it but its id: nobody else is registered under that. */
export const erased: Migration = {
  name: '0014-erased',
  steps: [`alter table agent add column if not exists erased boolean not null default false`],
}
