/**
 * The head of the log at a moment, signed: https://c2sp.org/tlog-checkpoint.
 *
 * @module
 */
import { CountersignError } from '../errors.ts'
import { fromBase64, toBase64 } from './bytes.ts'
import { type Hash, hashBytes } from './merkle.ts'
import { openNote, parseVkey, type Signer, signNote, type VerifySignature } from './note.ts'

export interface Checkpoint {
  /** The log's name, `<deployment>/<tenant>`; also the name of its key. */
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

export const encodeCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`

/** Parses the text of the note; lines after the third are extensions, and ignored. @throws ERR_LEDGER_BROKEN */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, count, encoded] = text.split('\n')
  if (!origin || !count || !encoded || !/^(0|[1-9]\d{0,15})$/.test(count)) throw broken('malformed checkpoint')
  const size = Number(count)
  const root = fromBase64(encoded)
  if (!Number.isSafeInteger(size) || root.length !== hashBytes) throw broken('malformed checkpoint')
  return { origin, size, root }
}

/** A signed note, ready to be published. */
export const signCheckpoint = (hash: Hash, signer: Signer, head: { size: number; root: Uint8Array }): Promise<string> =>
  signNote(hash, signer, encodeCheckpoint({ origin: signer.name, ...head }))

/** @throws ERR_LEDGER_BROKEN unless the log itself signed it: its key carries the origin as its name */
export async function openCheckpoint(
  parts: { hash: Hash; verifySignature: VerifySignature },
  note: string,
  vkey: string,
): Promise<Checkpoint> {
  const { text } = await openNote(parts, note, [vkey])
  const checkpoint = parseCheckpoint(text)
  if (checkpoint.origin !== parseVkey(parts.hash, vkey).name) throw broken('signed by the key of another log')
  return checkpoint
}

const broken = (says: string) => new CountersignError('ERR_LEDGER_BROKEN', { checkpoint: says })
