/**
 * Whose key encrypts what: the keys of subjects, made when first needed, and the subjects of actions.
 *
 * @module
 */
import { stepOf, subjectsOf, type Vault } from '@countersign/core'
import type { Fact } from '@countersign/schema'
import { randomUUID } from 'node:crypto'
import type { Db, Row } from '../db.ts'
import { beginningOf } from '../tables/entries.ts'
import { ownerOf } from '../tables/segments.ts'
import { bytesArray, textArray } from '../values.ts'

export interface SubjectKey {
  readonly id: string
  readonly wrapped: Uint8Array
}

export interface Subjects {
  /** One subject per fact, in order. */
  of(facts: readonly Fact[]): Promise<readonly string[]>
  /** Remembered ones may have been destroyed meanwhile: what is encrypted with them cannot be written any more. */
  keys(subjects: Iterable<string>): Promise<ReadonlyMap<string, SubjectKey>>
  /** All keys: one of them may have been destroyed. */
  forget(): void
}

/** Keys and subjects remembered, so that memory stays bounded; the oldest is read again when it is needed. */
const mostCached = 10_000

export function createSubjects({ db, tenant, vault }: { db: Db; tenant: string; vault: Vault }): Subjects {
  const known = new Map<string, SubjectKey>()
  const ofActions = new Map<string, string>()

  return {
    async of(facts) {
      const unknown = new Set<string>()
      const subjectOfAction = (id: string) => {
        const found = ofActions.get(id)
        if (found === undefined) unknown.add(id)
        return found
      }
      let subjects = subjectsOf(facts, subjectOfAction)
      if (unknown.size > 0) {
        const found = await db.query<{ id: string; subject: string }>(subjectsOfActions, [tenant, [...unknown]])
        for (const { id, subject } of found) remember(ofActions, id, subject)
        subjects = subjectsOf(facts, subjectOfAction)
      }
      for (const [position, fact] of facts.entries()) {
        const record = stepOf(fact, 'action.decided')?.record
        if (record !== undefined) remember(ofActions, record.id, subjects[position] ?? '')
      }
      return subjects
    },
    async keys(of) {
      const found = new Map([...new Set(of)].map((subject) => [subject, known.get(subject)] as const))
      const unknown = [...found].flatMap(([subject, key]) => (key === undefined ? [subject] : []))
      for (const [subject, key] of unknown.length > 0 ? await findOrMake(unknown) : []) {
        remember(known, subject, key)
        found.set(subject, key)
      }
      return found as ReadonlyMap<string, SubjectKey>
    },
    forget: () => known.clear(),
  }

  async function findOrMake(subjects: readonly string[]): Promise<ReadonlyMap<string, SubjectKey>> {
    const found = await find(subjects)
    const missing = subjects.filter((subject) => !found.has(subject))
    if (missing.length === 0) return found
    const made = [
      textArray(missing),
      textArray(missing.map(() => randomUUID())),
      bytesArray(missing.map((subject) => vault.newSubjectKey(subject).wrapped)),
    ]
    await db.query(addKeys, [tenant, ...made])
    return findOrMake(subjects) // whoever came first made it
  }

  async function find(subjects: readonly string[]): Promise<Map<string, SubjectKey>> {
    const rows = await db.query<SubjectKey & Row & { subject: string }>(findKeys, [tenant, textArray(subjects)])
    return new Map(rows.map(({ subject, id, wrapped }) => [subject, { id, wrapped }]))
  }
}

/** The oldest goes when there are too many. */
function remember<Value>(cache: Map<string, Value>, key: string, value: Value): void {
  cache.set(key, value)
  if (cache.size <= mostCached) return
  const [oldest] = cache.keys()
  if (oldest !== undefined) cache.delete(oldest)
}

const subjectsOfActions = {
  name: 'subjects_of_actions',
  text: `select asked.id, owner.subject from unnest($2::text[]) asked (id)
    cross join lateral (select ${beginningOf('asked.id')} as entry) begun
    cross join ${ownerOf('begun.entry')} owner`,
}
const findKeys = {
  name: 'subject_keys_find',
  text: 'select subject, id, wrapped from subject_key where tenant = $1 and subject = any($2::text[])',
}
const addKeys = {
  name: 'subject_keys_add',
  text: `insert into subject_key (tenant, subject, id, wrapped)
    select $1, row.* from unnest($2::text[], $3::text[], $4::bytea[]) as row on conflict (tenant, subject) do nothing`,
}
