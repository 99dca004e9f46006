import { CountersignError, type Store, type Vault } from '@countersign/core'
import type { Subjects } from '../commit/subjects.ts'
import type { Db } from '../db.ts'

interface Found {
  [column: string]: unknown
  readonly blob: Uint8Array
  readonly subjectKey: Uint8Array
}

const subject = 'system'

export function createSecrets(parts: { db: Db; tenant: string; vault: Vault; subjects: Subjects }): Store['secrets'] {
  const { db, tenant, vault, subjects } = parts
  return {
    async keep(value) {
      const reference = vault.secretReference(value)
      const key = (await subjects.keys([subject])).get(subject)
      if (key === undefined) throw new RangeError('a subject has a key')
      const blob = vault.encrypt(subject, key.wrapped, reference, Buffer.from(value, 'utf8'))
      await db.query(add, [tenant, reference, key.id, blob])
      return reference
    },
    async reveal(reference) {
      const row = await seek(reference)
      const opened = row && vault.open(subject, row.subjectKey, reference, row.blob)
      if (opened === undefined) throw new CountersignError('ERR_SECRET_UNKNOWN')
      return opened.toString('utf8')
    },
  }

  async function seek(reference: string): Promise<Found | undefined> {
    if (!/^secret:[0-9a-f]{64}$/.test(reference)) return undefined
    return (await db.query<Found>(find, [tenant, reference, subject]))[0]
  }
}

const add = {
  name: 'secret_add',
  text: `insert into secret (tenant, reference, key_id, blob) values ($1, $2, $3, $4)
    on conflict (tenant, reference) do nothing`,
}
const find = {
  name: 'secret_find',
  text: `select s.blob, k.wrapped as "subjectKey" from secret s
    join subject_key k on k.tenant = s.tenant and k.subject = $3 and k.id = s.key_id
    where s.tenant = $1 and s.reference = $2`,
}
