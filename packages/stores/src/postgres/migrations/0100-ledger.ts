import type { Migration } from './migration.ts'

/** The segments, the tree over them, and the keys of what is encrypted. */
export const ledger: Migration = {
  name: '0100-ledger',
  steps: [
    // A batch is a row, or a few: its leaves as they are published, and the records of each subject, encrypted together.
    `create table if not exists segment (
      tenant text not null,
      first bigint not null,
      count int not null check (count > 0),
      at bigint not null,
      subjects text[] not null,
      keys text[] not null,
      members bytea not null check (octet_length(members) = count),
      leaves bytea not null,
      records bytea not null,
      primary key (tenant, first))`,
    `alter table segment alter column leaves set storage external, alter column records set storage external`,
    // Where in the ledger something is told of that no row of the state points at.
    `create table if not exists mention (
      tenant text not null,
      what text not null,
      entry bigint not null,
      kind text not null,
      primary key (tenant, what, entry))`,
    `create table if not exists head (
      tenant text primary key,
      size bigint not null,
      frontier bytea not null,
      root bytea not null,
      at bigint not null,
      epoch bigint not null,
      settled bigint not null default 0)`,
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
    // Belt and braces: an instance never changes what was said. A record alone is encrypted anew, without what is erased.
    `create or replace function refuse_change() returns trigger language plpgsql as
      $$ begin raise exception 'entries are append-only' using errcode = '42501'; end $$`,
    `create or replace function refuse_change_but_of_records() returns trigger language plpgsql as $$
      begin
        if (new.tenant, new.first, new.count, new.at, new.subjects, new.keys, new.members, new.leaves)
          is not distinct from (old.tenant, old.first, old.count, old.at, old.subjects, old.keys, old.members, old.leaves)
        then return new; end if;
        raise exception 'entries are append-only' using errcode = '42501';
      end $$`,
    `create or replace trigger segment_stays before update on segment
      for each row execute function refuse_change_but_of_records()`,
    `create or replace trigger segment_stands before delete on segment for each row execute function refuse_change()`,
    `create or replace trigger segments_stand before truncate on segment
      for each statement execute function refuse_change()`,
    `create or replace trigger mention_stands before update or delete on mention
      for each row execute function refuse_change()`,
    `create or replace trigger mentions_stand before truncate on mention
      for each statement execute function refuse_change()`,
  ],
}
