import type { Migration } from '../migrate.ts'

/** The entries, the tree over them, and the keys of what is encrypted. */
export const ledger: Migration = {
  name: '0001-ledger',
  steps: [
    `create table if not exists entry (
      tenant text not null,
      index bigint not null,
      id text not null,
      at bigint not null,
      kind text not null,
      action text,
      approval text,
      subject text not null,
      key_id text not null,
      leaf bytea not null,
      leaf_hash bytea not null,
      blob bytea not null,
      primary key (tenant, index),
      unique (tenant, id))`,
    `create index if not exists entry_by_action on entry (tenant, action, index) where action is not null`,
    `create index if not exists entry_by_approval on entry (tenant, approval, index) where approval is not null`,
    `create index if not exists entry_by_subject on entry (tenant, subject, key_id)`,
    `create table if not exists head (
      tenant text primary key,
      size bigint not null,
      frontier bytea not null,
      root bytea not null,
      at bigint not null,
      epoch bigint not null)`,
    `create table if not exists tile (
      tenant text not null,
      level int not null,
      index bigint not null,
      hashes bytea not null check (octet_length(hashes) = 8192),
      primary key (tenant, level, index))`,
    `create table if not exists checkpoint (
      tenant text not null,
      size bigint not null,
      note text not null,
      primary key (tenant, size))`,
    `create table if not exists subject_key (
      tenant text not null,
      subject text not null,
      id text not null,
      wrapped bytea not null,
      primary key (tenant, subject))`,
    `create table if not exists cursor (
      tenant text not null,
      follower text not null,
      index bigint not null,
      primary key (tenant, follower))`,
    // Belt and braces: the instance itself never changes an entry.
    `create or replace function refuse_change() returns trigger language plpgsql as
      $$ begin raise exception 'entries are append-only' using errcode = '42501'; end $$`,
    `create or replace trigger entry_stands before update or delete on entry
      for each row execute function refuse_change()`,
    `create or replace trigger entries_stand before truncate on entry
      for each statement execute function refuse_change()`,
  ],
}
