/**
 * Keeps what is recorded readable only as long as someone may read it:
 *
 *   records ─▶ a key derived from ─▶ their subject's key, encrypted by ─▶ the key-encryption key, which lives outside the database
 *
 * Destroying a subject's key makes every record about that subject unreadable, in backups too. What the ledger says of
 * those records stays, and can no longer be guessed at, because the salts of their commitments are encrypted with them.
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
  /**
   * `what` is what the bytes are for, so that they open as nothing else. @throws ERR_LEDGER_BROKEN for another's key
   */
  encrypt(subject: string, wrapped: Uint8Array, what: string, plain: Uint8Array): Uint8Array
  /**
   * Undefined for what was encrypted by an earlier key of this subject, which is destroyed.
   *
   * @throws ERR_LEDGER_BROKEN for the wrong key, the wrong `what`, or anything that was altered
   */
  open(subject: string, wrapped: Uint8Array, what: string, encrypted: Uint8Array): Buffer | undefined
  /** The same value gives the same hex, and only this deployment can tell which: how the store finds a digest again. */
  lookup(value: string): string
  /** What stands in parameters in place of a secret: the same secret, the same reference. */
  secretReference(value: string): string
}

interface SubjectKey {
  readonly id: Buffer
  readonly key: Uint8Array
  /** HMAC under the key: one block of HKDF-Expand (RFC 5869 §2.3), so that there is no second thing to destroy. */
  derive(what: string): Buffer
}

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
const kekIdBytes = 4
const subjectKeyIdBytes = 8
/** Drawn anew for everything that is encrypted: by it the key is derived, which thus encrypts once. */
const drawBytes = 16
const noNonce = Buffer.alloc(nonceBytes)
/** Of what encrypts nothing. */
const fewestBytes = subjectKeyIdBytes + drawBytes + tagBytes

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
  const wrap = (subject: string, { id, key }: Pick<SubjectKey, 'id' | 'key'>): Uint8Array => {
    const nonce = random(nonceBytes)
    return Buffer.concat([Buffer.from(kekId, 'hex'), id, nonce, ...encrypted(nonce, kek, key, boundTo(subject, id))])
  }

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
    const nonce = bytes.subarray(kekIdBytes + subjectKeyIdBytes).subarray(0, nonceBytes)
    const rest = bytes.subarray(kekIdBytes + subjectKeyIdBytes + nonceBytes)
    const key = decrypt(nonce, wrappedBy, rest, boundTo(subject, id))
    return { id, key, derive: createHmacSha256(key).bytes }
  }

  return {
    kekId,
    newSubjectKey: (subject) => ({
      wrapped: wrap(subject, { id: random(subjectKeyIdBytes), key: random(keyBytes) }),
    }),
    rewrapSubjectKey: (subject, wrapped) => wrap(subject, unwrap(subject, wrapped)),
    encrypt(subject, wrapped, what, plain) {
      const { id, derive } = unwrap(subject, wrapped)
      const draw = random(drawBytes)
      return Buffer.concat([id, draw, ...encrypted(noNonce, keyOf(derive, draw), plain, what)])
    },
    open(subject, wrapped, what, bytes) {
      const { id, derive } = unwrap(subject, wrapped)
      if (bytes.length < fewestBytes) throw new CountersignError('ERR_LEDGER_BROKEN', { vault: 'does not open' })
      if (id.compare(bytes, 0, subjectKeyIdBytes) !== 0) return undefined
      const draw = Buffer.from(bytes.buffer, bytes.byteOffset + subjectKeyIdBytes, drawBytes)
      return decrypt(noNonce, keyOf(derive, draw), bytes.subarray(subjectKeyIdBytes + drawBytes), what)
    },
    lookup: (value) => lookup.hex(`lookup\n${value}`),
    secretReference: (value) => `secret:${lookup.hex(`secret\n${value}`)}`,
  }
}

const boundTo = (subject: string, id: Buffer): string => `subject ${id.toString('hex')} ${subject}`

const keyOf = (derive: SubjectKey['derive'], draw: Buffer): Buffer => derive(`encrypt ${draw.toString('hex')}\u0001`)

/** AES-256-GCM; `bound` is what the bytes are for, so that they open nowhere else. */
function encrypted(nonce: Uint8Array, key: Uint8Array, plain: Uint8Array, bound: string): Buffer[] {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound, 'utf8'))
  return [cipher.update(plain), cipher.final(), cipher.getAuthTag()]
}

function decrypt(nonce: Uint8Array, key: Uint8Array, bytes: Uint8Array, bound: string): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
    decipher.setAAD(Buffer.from(bound, 'utf8')).setAuthTag(bytes.subarray(-tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()])
  } catch (cause) {
    throw new CountersignError('ERR_LEDGER_BROKEN', { vault: 'does not open' }, { cause })
  }
}

const idOf = (kek: Uint8Array): string =>
  createHmacSha256(kek)
    .hex('kek id')
    .slice(0, 2 * kekIdBytes)
