import type { Migration } from './migration.ts'

/** Letters that wait for their recipients. They name entries of the ledger and hold nothing of them. */
export const outbox: Migration = {
  name: '0017-outbox',
  steps: [
    `create table if not exists outbox (
      tenant text not null,
      channel text not null,
      recipient text not null,
      notice text not null,
      approval text not null,
      entry bigint not null,
      queued_at bigint not null,
      due_at bigint not null,
      tries int not null default 0,
      state text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead')),
      code text,
      message text,
      settled_at bigint,
      primary key (tenant, channel, recipient, notice))`,
    `create index if not exists outbox_waiting on outbox (tenant, channel, recipient, entry) where state = 'waiting'`,
    `create index if not exists outbox_told on outbox (tenant, channel, recipient, approval, entry desc)
      where state = 'delivered'`,
    `create index if not exists outbox_settled on outbox (tenant, settled_at) where settled_at is not null`,
  ],
}
