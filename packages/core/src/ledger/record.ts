/**
 * A fact on its way into the ledger and out of it again.
 *
 * @module
 */
import { type ErasedFact, Fact, type FactKind } from '@countersign/schema'
import { CountersignError } from '../errors.ts'
import { newId } from '../id.ts'
import { decodeUtf8 } from './bytes.ts'
import { envelopeOf, kindOf } from './envelope.ts'
import type { EncryptedRecord, Vault } from './vault.ts'

/** All of a fact's work that needs neither its place nor the time, so that it is done outside of the transaction. */
export interface Prepared extends EncryptedRecord {
  /** Id of the entry, `ent_…`. */
  readonly id: string
  readonly kind: FactKind
  readonly subject: string
  /** The life this fact is part of: `act_…`, `apr_…`, `per_…`, `agt:<id>` or `system`. */
  readonly stream: string
  /** Position in the stream as the fact itself carries it; undefined if only the store knows. */
  readonly sequence: number | undefined
  /**
   * The leaf, as it is hashed: canonical and at most 16 KiB. `at` is the store's clock. `sequence` is what applying the
   * fact said (`Applied.sequences`); it counts only where the fact carries none.
   */
  leafAt(at: number, sequence?: number): Uint8Array
}

/** What the store hands back to have it read. */
export interface StoredRecord extends EncryptedRecord {
  readonly id: string
  readonly leaf: Uint8Array
  readonly subject: string
}

export interface Recorder {
  /**
   * `subjectKey` is the stored, wrapped key of `subject`, see `subjectsOf`. @throws ERR_LEDGER_BROKEN for another's key
   */
  prepare(fact: Fact, subject: string, subjectKey: Uint8Array): Prepared
  /**
   * Without the subject's key, or with one made after it was destroyed, the fact is erased. @throws ERR_LEDGER_BROKEN
   * if record and leaf do not belong together
   */
  open(record: StoredRecord, subjectKey: Uint8Array | undefined): Fact | ErasedFact
}

export function createRecorder(vault: Vault): Recorder {
  return {
    prepare(fact, subject, subjectKey) {
      const id = newId('ent')
      const payload = JSON.stringify(fact)
      const record = vault.newRecord(subject, subjectKey, id)
      const { stream, sequence, leafAt } = envelopeOf(fact, { id, payload: record.blind(payload) }, record.blind)
      const { blob } = record.encrypt(payload)
      return { id, kind: fact.kind, subject, stream, sequence, leafAt, blob }
    },
    open({ id, leaf, subject, ...encrypted }, subjectKey) {
      const { type, payload: committed } = JSON.parse(decodeUtf8(leaf)) as { type: string; payload: string }
      const opened = subjectKey && vault.open(subject, subjectKey, id, encrypted)
      if (!opened) return { kind: 'erased', was: kindOf(type) }
      const { payload, blind } = opened
      if (blind(payload) !== committed)
        throw new CountersignError('ERR_LEDGER_BROKEN', { record: id, leaf: 'another payload' })
      return Fact.parse(JSON.parse(payload))
    },
  }
}
