import type { Migration } from './migration.ts'

/**
 * What the facts add up to, as far as rules and queries look at it. The rest of a row is read from the entry that it
 * names, so that nothing personal lies outside of the vault (P12). `…_key` columns are blinded.
 */
export const state: Migration = {
  name: '0002-state',
  steps: [
    `create table if not exists approval (
      tenant text not null,
      id text not null,
      version int not null check (version > 0),
      state text not null check (state in ('open', 'granted', 'spent', 'rejected', 'expired', 'cancelled', 'voided')),
      digest_key text not null,
      action text not null,
      agent text not null,
      on_behalf_of text,
      barred text[] not null,
      asked_at bigint not null,
      due_at bigint,
      asked_entry bigint not null,
      entry bigint not null,
      primary key (tenant, id),
      unique (tenant, id, barred))`,
    // One question per action at a time.
    `create unique index if not exists approval_pending on approval (tenant, digest_key) where state in ('open', 'granted')`,
    `create index if not exists approval_by_digest on approval (tenant, digest_key, asked_entry desc)`,
    `create index if not exists approval_newest on approval (tenant, asked_entry desc)`,
    `create index if not exists approval_by_state on approval (tenant, state, asked_entry desc)`,
    `create index if not exists approval_by_agent on approval (tenant, agent, asked_at)`,
    `create index if not exists approval_by_action on approval (tenant, action)`,
    `create index if not exists approval_due on approval (tenant, due_at) where due_at is not null`,
    // P3: whoever is barred cannot sign, not even by SQL. P5: the primary key counts a person once.
    `create table if not exists countersignature (
      tenant text not null,
      approval text not null,
      person text not null,
      barred text[] not null,
      verdict text not null check (verdict in ('approve', 'reject')),
      at bigint not null,
      constraint one_person_signs_once primary key (tenant, approval, person),
      constraint nobody_signs_their_own check (person <> all (barred)),
      constraint barred_as_asked foreign key (tenant, approval, barred)
        references approval (tenant, id, barred) on update cascade)`,
    `create table if not exists permit (
      tenant text not null,
      id text not null,
      action text not null,
      approval text,
      credential text not null,
      attempt_key text,
      digest_key text not null,
      replayable boolean not null,
      deadline bigint not null,
      outcome text check (outcome in ('done', 'failed', 'unknown')),
      delivered boolean not null,
      entry bigint not null,
      ended_entry bigint,
      primary key (tenant, id))`,
    `create index if not exists permit_by_action on permit (tenant, action)`,
    // P6: a grant is spent once. P10: an attempt runs once.
    `create unique index if not exists grant_spent_once on permit (tenant, approval) where approval is not null`,
    `create unique index if not exists attempt_permitted_once on permit (tenant, attempt_key) where attempt_key is not null`,
    `create index if not exists permit_undelivered on permit (tenant, digest_key, credential, entry desc)
      where replayable and not delivered and outcome is not null`,
    `create index if not exists permit_running on permit (tenant, deadline) where outcome is null`,
    `create table if not exists agent (
      tenant text not null,
      id text not null,
      version int not null,
      status text not null check (status in ('active', 'stopped')),
      entry bigint not null,
      primary key (tenant, id))`,
    `create table if not exists agent_key (
      tenant text not null,
      hash text not null,
      agent text not null,
      primary key (tenant, hash))`,
    `create table if not exists person (
      tenant text not null,
      id text not null,
      version int not null,
      account_key text not null,
      entry bigint not null,
      primary key (tenant, id),
      unique (tenant, account_key))`,
    `create table if not exists lease (
      tenant text not null,
      name text not null,
      holder text not null,
      epoch bigint not null,
      until bigint not null,
      primary key (tenant, name))`,
    `create table if not exists secret (
      tenant text not null,
      reference text not null,
      key_id text not null,
      blob bytea not null,
      primary key (tenant, reference))`,
  ],
}
