/**
 * Whose key encrypts what: the keys of subjects, made when first needed, and the subjects of actions.
 *
 * @module
 */
import { stepOf, subjectsOf, type Vault } from '@countersign/core'
import type { Fact } from '@countersign/schema'
import { randomUUID } from 'node:crypto'
import type { Db, Row } from '../db.ts'
import type { Entries } from '../tables/entries.ts'
import type { Rowless } from '../tables/rowless.ts'
import { ownerOf } from '../tables/segments.ts'
import { bytesArray, integerArray, textArray } from '../values.ts'

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

export interface SubjectsParts {
  readonly db: Db
  readonly tenant: string
  readonly vault: Vault
  readonly entries: Pick<Entries, 'beginnings'>
  readonly rowless: Pick<Rowless, 'subjects'>
}

export function createSubjects({ db, tenant, vault, entries, rowless }: SubjectsParts): Subjects {
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
        for (const [id, subject] of await ofEarlier([...unknown])) remember(ofActions, id, subject)
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

  /** Of actions that were decided elsewhere, or long ago. */
  async function ofEarlier(actions: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = await rowless.subjects(actions)
    const begun = await entries.beginnings(actions.filter((id) => !found.has(id)))
    if (begun.size === 0) return found
    const rows = await db.query<{ id: string; subject: string }>(owners, [
      tenant,
      textArray([...begun.keys()]),
      integerArray([...begun.values()]),
    ])
    for (const { id, subject } of rows) found.set(id, subject)
    return found
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

const owners = {
  name: 'subjects_of_entries',
  text: `select begun.id, owner.subject from unnest($2::text[], $3::bigint[]) as begun (id, entry)
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
