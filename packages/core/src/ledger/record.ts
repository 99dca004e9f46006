/**
 * A fact on its way into the ledger and out of it again. What is written together of one subject is encrypted together:
 *
 *   for each record   its salt, 32 bytes · the length of its payload, 4 bytes · its payload, JSON in UTF-8
 *
 * A record that was erased alone has no payload, and a salt of zeros.
 * Each leaf commits to its payload under its record's salt, so that nothing of a group opens as anything else.
 *
 * @module
 */
import { type ErasedFact, Fact, type FactKind } from '@countersign/schema'
import { CountersignError } from '../errors.ts'
import { newId } from '../id.ts'
import { decodeUtf8 } from './bytes.ts'
import { envelopeOf, kindOf } from './envelope.ts'
import { createHmacSha256 } from './hmac.ts'
import { createRandom } from './random.ts'
import type { Vault } from './vault.ts'

/** All of a fact's work that needs neither its place, nor the time, nor a key. */
export interface Prepared {
  /** Id of the entry, `ent_…`. */
  readonly id: string
  readonly kind: FactKind
  readonly subject: string
  /** The life this fact is part of: `act_…`, `apr_…`, `per_…`, `agt:<id>` or `system`. */
  readonly stream: string
  /** Position in the stream as the fact itself carries it; undefined if only the store knows. */
  readonly sequence: number | undefined
  readonly salt: Uint8Array
  /** The fact, JSON. */
  readonly payload: string
  /**
   * The leaf, as it is hashed: canonical and at most 16 KiB. `at` is the store's clock. `sequence` is what applying the
   * fact said (`Applied.sequences`); it counts only where the fact carries none.
   */
  leafAt(at: number, sequence?: number): Uint8Array
}

/** What the store hands back to have it read: records of one subject that were encrypted together. */
export interface StoredGroup {
  readonly subject: string
  readonly encrypted: Uint8Array
  /** Of its records, in their order; undefined for those that nobody wants to read. */
  readonly leaves: readonly (Uint8Array | undefined)[]
}

export interface OpenedRecord {
  /** Id of the entry, `ent_…`. */
  readonly id: string
  readonly fact: Fact | ErasedFact
}

export interface Recorder {
  prepare(fact: Fact, subject: string): Prepared
  /**
   * `subjectKey` is the stored, wrapped key of `subject`, of which all of these are. @throws ERR_LEDGER_BROKEN for
   * another's key
   */
  encrypt(records: readonly Pick<Prepared, 'salt' | 'payload'>[], subject: string, subjectKey: Uint8Array): Uint8Array
  /**
   * In the order of the leaves, undefined where there is none. Without the subject's key, or with one made after it was
   * destroyed, the facts are erased. @throws ERR_LEDGER_BROKEN if records and leaves do not belong together
   */
  open(group: StoredGroup, subjectKey: Uint8Array | undefined): (OpenedRecord | undefined)[]
  /** The group encrypted anew without what its record at `place` said, salt and all. @throws ERR_LEDGER_BROKEN */
  without(place: number, group: Omit<StoredGroup, 'leaves'>, subjectKey: Uint8Array): Uint8Array
}

/** As long as the hash that it blinds. */
const saltBytes = 32
/** Of the length that stands before each record. */
const lengthBytes = 4
/** What a group of records is encrypted as. */
const what = 'records'

export function createRecorder(vault: Vault): Recorder {
  const random = createRandom()
  const recorder: Recorder = {
    prepare(fact, subject) {
      const id = newId('ent')
      const payload = JSON.stringify(fact)
      const salt = random(saltBytes)
      const blind = createHmacSha256(salt).hex
      const { stream, sequence, leafAt } = envelopeOf(fact, { id, payload: blind(payload) }, blind)
      return { id, kind: fact.kind, subject, stream, sequence, salt, payload, leafAt }
    },
    encrypt: (records, subject, subjectKey) => vault.encrypt(subject, subjectKey, what, encodeRecords(records)),
    open({ subject, encrypted, leaves }, subjectKey) {
      const plain = subjectKey && vault.open(subject, subjectKey, what, encrypted)
      const records = plain && decodeRecords(plain)
      if (records && records.length !== leaves.length) throw notTogether({ records: records.length })
      return leaves.map((leaf, place) => leaf && openOne(leaf, records?.[place]))
    },
    without(place, { subject, encrypted }, subjectKey) {
      const plain = vault.open(subject, subjectKey, what, encrypted)
      if (plain === undefined) return encrypted // its key is destroyed, and all of it with that
      const records = decodeRecords(plain).map(({ salt, payload }) => ({ salt, payload: payload.toString('utf8') }))
      return recorder.encrypt(records.with(place, nothing), subject, subjectKey)
    },
  }
  return recorder
}

/** What is left of a record that was erased alone. */
const nothing = { salt: new Uint8Array(saltBytes), payload: '' }

interface Plain {
  readonly salt: Uint8Array
  readonly payload: Buffer
}

function openOne(leaf: Uint8Array, record: Plain | undefined): OpenedRecord {
  const { id, type, payload: committed } = JSON.parse(decodeUtf8(leaf)) as Record<'id' | 'type' | 'payload', string>
  if (record === undefined || record.payload.length === 0) return { id, fact: { kind: 'erased', was: kindOf(type) } }
  const payload = record.payload.toString('utf8')
  if (createHmacSha256(record.salt).hex(payload) !== committed) throw notTogether({ record: id })
  return { id, fact: Fact.parse(JSON.parse(payload)) }
}

const notTogether = (detail: Readonly<Record<string, unknown>>) =>
  new CountersignError('ERR_LEDGER_BROKEN', { ...detail, leaf: 'another payload' })

function encodeRecords(records: readonly Pick<Prepared, 'salt' | 'payload'>[]): Buffer {
  const sizes = records.map(({ payload }) => Buffer.byteLength(payload))
  const whole = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + saltBytes + lengthBytes + size, 0))
  let offset = 0
  for (const [place, { salt, payload }] of records.entries()) {
    whole.set(salt, offset)
    offset = whole.writeUInt32BE(sizes[place] ?? 0, offset + saltBytes)
    offset += whole.write(payload, offset, 'utf8')
  }
  return whole
}

/** @throws ERR_LEDGER_BROKEN if it ends early */
function decodeRecords(whole: Buffer): Plain[] {
  const records: Plain[] = []
  for (let offset = 0; offset < whole.length;) {
    const from = offset + saltBytes + lengthBytes
    if (from > whole.length) throw notTogether({ offset })
    const end = from + whole.readUInt32BE(offset + saltBytes)
    if (end > whole.length) throw notTogether({ offset })
    records.push({ salt: whole.subarray(offset, offset + saltBytes), payload: whole.subarray(from, end) })
    offset = end
  }
  return records
}
