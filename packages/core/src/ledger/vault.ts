/**
 * Keeps what is recorded readable only as long as someone may read it:
 *
 *   record ─▶ a key derived from ─▶ its subject's key, encrypted by ─▶ the key-encryption key, which lives outside the database
 *
 * Destroying a subject's key makes every record about that subject unreadable, in backups too; what the ledger says of
 * those records stays, and can no longer be guessed at, because the salt of a record's commitments is derived from that key too.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto'
import { CountersignError } from '../errors.ts'
import { createHmacSha256 } from './hmac.ts'
import { createRandom } from './random.ts'

export interface VaultKeys {
  /** Encrypts the subjects' keys. 32 bytes, kept apart from the database (a file or a KMS). */
  readonly kek: Uint8Array
  /** Key-encryption keys that were in use before, while what they encrypted is encrypted anew. */
  readonly previousKeks?: readonly Uint8Array[]
  /** For looking things up without knowing them. 32 bytes. */
  readonly tenant: Uint8Array
}

/** What is stored of a record. */
export interface EncryptedRecord {
  /** Which key of its subject it was, nonce, ciphertext, tag. */
  readonly blob: Uint8Array
}

/** A commitment to a value under this record's salt, hex: says nothing of the value once the salt is gone. */
export type Blind = (what: string) => string

export interface Vault {
  /** Names the key-encryption key now in use, hex; every wrapped subject key begins with the name of its own. */
  readonly kekId: string
  /**
   * For a person's id, an agent's id or `system`. Deleting every copy of it is the erasure; a new one opens nothing
   * old.
   */
  newSubjectKey(subject: string): { readonly wrapped: Uint8Array }
  /** The same key under the key-encryption key now in use. @throws ERR_LEDGER_BROKEN */
  rewrapSubjectKey(subject: string, wrapped: Uint8Array): Uint8Array
  /** A record's key and salt, known before its payload is. A record's id MUST NOT be used twice. @throws ERR_LEDGER_BROKEN */
  newRecord(subject: string, wrapped: Uint8Array, recordId: string): NewRecord
  /**
   * Undefined for a record encrypted by an earlier key of this subject, which is destroyed.
   *
   * @throws ERR_LEDGER_BROKEN for the wrong key, the wrong record, or anything that was altered
   */
  open(subject: string, wrapped: Uint8Array, recordId: string, encrypted: EncryptedRecord): OpenedRecord | undefined
  /** The same value gives the same hex, and only this deployment can tell which: how the store finds a digest again. */
  lookup(value: string): string
  /** What stands in parameters in place of a secret: the same secret, the same reference. */
  secretReference(value: string): string
}

export interface NewRecord {
  readonly blind: Blind
  encrypt(payload: string): EncryptedRecord
}

export interface OpenedRecord {
  readonly payload: string
  readonly blind: Blind
}

interface SubjectKey {
  readonly id: Buffer
  readonly key: Uint8Array
  /** HMAC under the key: what belongs to one record. */
  derive(what: string): Buffer
}

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
const kekIdBytes = 4
const subjectKeyIdBytes = 8
/** An empty payload has as many. */
const fewestBytes = subjectKeyIdBytes + nonceBytes + tagBytes

/** @throws ERR_CONFIG_INVALID unless every key has 32 bytes, and none serves two purposes */
export function createVault({ kek, previousKeks = [], tenant }: VaultKeys): Vault {
  const all = [kek, tenant, ...previousKeks]
  if (all.some((key) => key.length !== keyBytes) || timingSafeEqual(kek, tenant)) {
    throw new CountersignError('ERR_CONFIG_INVALID', { vault: 'needs two different keys of 32 bytes' })
  }
  const kekId = idOf(kek)
  const random = createRandom()
  const lookup = createHmacSha256(tenant)
  /** As long as the caller keeps a wrapped key, it is opened once. */
  const opened = new WeakMap<Uint8Array, { readonly subject: string; readonly key: SubjectKey }>()
  const keks = new Map([...previousKeks, kek].map((key) => [idOf(key), key]))

  /** `<id of the kek> <id of this key> <encrypted key>` */
  const wrap = (subject: string, { id, key }: Pick<SubjectKey, 'id' | 'key'>): Uint8Array =>
    Buffer.concat([Buffer.from(kekId, 'hex'), id, encrypt(random(nonceBytes), kek, key, boundTo(subject, id))])

  function unwrap(subject: string, wrapped: Uint8Array): SubjectKey {
    const known = opened.get(wrapped)
    if (known?.subject === subject) return known.key
    const key = unwrapAnew(subject, wrapped)
    opened.set(wrapped, { subject, key })
    return key
  }

  function unwrapAnew(subject: string, wrapped: Uint8Array): SubjectKey {
    const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length)
    const wrappedBy = keks.get(bytes.toString('hex', 0, kekIdBytes))
    if (!wrappedBy) throw new CountersignError('ERR_LEDGER_BROKEN', { vault: 'encrypted by a key that is not at hand' })
    const id = bytes.subarray(kekIdBytes, kekIdBytes + subjectKeyIdBytes)
    const encrypted = bytes.subarray(kekIdBytes + subjectKeyIdBytes)
    const key = decrypt(wrappedBy, encrypted, boundTo(subject, id))
    return { id, key, derive: createHmacSha256(key).bytes }
  }

  return {
    kekId,
    newSubjectKey: (subject) => ({
      wrapped: wrap(subject, { id: random(subjectKeyIdBytes), key: random(keyBytes) }),
    }),
    rewrapSubjectKey: (subject, wrapped) => wrap(subject, unwrap(subject, wrapped)),
    newRecord(subject, wrapped, recordId) {
      const { id, derive } = unwrap(subject, wrapped)
      return {
        blind: blindOf(derive, recordId),
        encrypt(payload) {
          const bytes = Buffer.from(payload, 'utf8')
          const encrypted = encrypt(random(nonceBytes), keyOf(derive, recordId), bytes, `record ${recordId}`)
          return { blob: Buffer.concat([id, encrypted]) }
        },
      }
    },
    open(subject, wrapped, recordId, { blob }) {
      const { id, derive } = unwrap(subject, wrapped)
      if (blob.length < fewestBytes) throw new CountersignError('ERR_LEDGER_BROKEN', { vault: 'does not open' })
      if (!id.equals(blob.subarray(0, subjectKeyIdBytes))) return undefined
      const bytes = decrypt(keyOf(derive, recordId), blob.subarray(subjectKeyIdBytes), `record ${recordId}`)
      return { payload: bytes.toString('utf8'), blind: blindOf(derive, recordId) }
    },
    lookup: (value) => lookup.hex(`lookup\n${value}`),
    secretReference: (value) => `secret:${lookup.hex(`secret\n${value}`)}`,
  }
}

const boundTo = (subject: string, id: Buffer): string => `subject ${id.toString('hex')} ${subject}`

/** One block of HKDF-Expand each (RFC 5869 §2.3), so that there is no second thing to destroy. */
const keyOf = (derive: SubjectKey['derive'], recordId: string): Buffer => derive(`record ${recordId}\u0001`)

function blindOf(derive: SubjectKey['derive'], recordId: string): Blind {
  const commit = createHmacSha256(derive(`commit ${recordId}\u0001`))
  return (what) => commit.hex(what)
}

/** AES-256-GCM; `bound` is what the bytes are for, so that they open nowhere else. */
function encrypt(nonce: Buffer, key: Uint8Array, plain: Uint8Array, bound: string): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound, 'utf8'))
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function decrypt(key: Uint8Array, encrypted: Uint8Array, bound: string): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, encrypted.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
    decipher.setAAD(Buffer.from(bound, 'utf8')).setAuthTag(encrypted.subarray(-tagBytes))
    return Buffer.concat([decipher.update(encrypted.subarray(nonceBytes, -tagBytes)), decipher.final()])
  } catch (cause) {
    throw new CountersignError('ERR_LEDGER_BROKEN', { vault: 'does not open' }, { cause })
  }
}

const idOf = (kek: Uint8Array): string =>
  createHmacSha256(kek)
    .hex('kek id')
    .slice(0, 2 * kekIdBytes)
