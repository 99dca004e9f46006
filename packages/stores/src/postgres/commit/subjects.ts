/**
 * Whose key encrypts what: the keys of subjects, made when first needed, and the subjects of actions.
 *
 * @module
 */
import { subjectsOf, type Vault } from '@countersign/core'
import type { Fact } from '@countersign/schema'
import { randomUUID } from 'node:crypto'
import type { Db } from '../db.ts'

export interface SubjectKey {
  readonly id: string
  readonly wrapped: Uint8Array
}

export interface Subjects {
  /** One subject per fact, in order. */
  of(facts: readonly Fact[]): Promise<readonly string[]>
  /** A remembered key may have been destroyed meanwhile: what is encrypted with it cannot be written any more. */
  key(subject: string): Promise<SubjectKey>
  /** All keys: one of them may have been destroyed. */
  forget(): void
}

/** Keys and subjects remembered, so that memory stays bounded; the oldest is read again when it is needed. */
const mostCached = 10_000

export function createSubjects({ db, tenant, vault }: { db: Db; tenant: string; vault: Vault }): Subjects {
  const keys = new Map<string, Promise<SubjectKey>>()
  const ofActions = new Map<string, string>()

  return {
    async of(facts) {
      const unknown = new Set<string>()
      const subjectOfAction = (id: string) => {
        const known = ofActions.get(id)
        if (known === undefined) unknown.add(id)
        return known
      }
      let subjects = subjectsOf(facts, subjectOfAction)
      if (unknown.size > 0) {
        const found = await db.query<{ id: string; subject: string }>(subjectsOfActions, [tenant, [...unknown]])
        for (const { id, subject } of found) remember(ofActions, id, subject)
        subjects = subjectsOf(facts, subjectOfAction)
      }
      for (const [position, fact] of facts.entries()) {
        if (fact.kind === 'action.decided') remember(ofActions, fact.record.id, subjects[position] ?? '')
      }
      return subjects
    },
    key(subject) {
      const known = keys.get(subject)
      if (known !== undefined) return known
      const found = findOrMake(subject)
      remember(keys, subject, found)
      found.catch(() => keys.delete(subject))
      return found
    },
    forget: () => keys.clear(),
  }

  async function findOrMake(subject: string): Promise<SubjectKey> {
    const found = await find(subject)
    if (found !== undefined) return found
    await db.query(addKey, [tenant, subject, randomUUID(), vault.newSubjectKey(subject).wrapped])
    return (await find(subject)) ?? findOrMake(subject)
  }

  async function find(subject: string): Promise<SubjectKey | undefined> {
    const [row] = await db.query<{ id: string; wrapped: Uint8Array }>(findKey, [tenant, subject])
    return row
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
  text: `select action as id, subject from entry where tenant = $1 and action = any($2) and kind = 'action.decided'`,
}
const findKey = {
  name: 'subject_key_find',
  text: 'select id, wrapped from subject_key where tenant = $1 and subject = $2',
}
const addKey = {
  name: 'subject_key_add',
  text: `insert into subject_key (tenant, subject, id, wrapped) values ($1, $2, $3, $4)
    on conflict (tenant, subject) do nothing`,
}
