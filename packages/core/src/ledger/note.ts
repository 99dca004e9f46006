/**
 * Signed notes: a text with signatures below it that a person can read and `openssl` can check.
 * https://c2sp.org/signed-note
 *
 *   <text, ending in a newline>
 *                                                  an empty line
 *   — <key name> base64(<key id, 4 bytes> <signature>)
 *
 * @module
 */
import { CountersignError } from '../errors.ts'
import { concatBytes, encodeUtf8, fromBase64, toBase64, toHex } from './bytes.ts'
import type { Hash } from './merkle.ts'

/** `ed25519` signs the text; `cosignature` also signs when the witness saw it (https://c2sp.org/tlog-cosignature). */
export type KeyKind = 'ed25519' | 'cosignature'

const keyTypes = { ed25519: 1, cosignature: 4 } as const satisfies Record<KeyKind, number>

/** A public key with its name, written `<name>+<key id>+<base64 of type and key>`. */
export interface NoteKey {
  readonly name: string
  readonly kind: KeyKind
  /** First four bytes of SHA-256(name ‖ newline ‖ type ‖ key), hex. */
  readonly id: string
  readonly publicKey: Uint8Array
}

export interface NoteSignature {
  readonly name: string
  readonly keyId: string
  readonly signature: Uint8Array
}

export interface Note {
  /** What is signed, with its last newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Who signed; `at` in seconds, from a witness. */
export interface OpenedNote {
  readonly text: string
  readonly by: readonly { readonly name: string; readonly at: number | undefined }[]
}

/** A browser's signature check is asynchronous, Node's is not: both fit. */
export type VerifySignature = (
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>

export interface Signer {
  readonly name: string
  /** The public half, for verifiers. */
  readonly vkey: string
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** No checkpoint comes near it; a longer note is refused before its signatures are looked at. */
const maxNoteCharacters = 1_000_000
/** The signer's and those of many witnesses; a note with more is refused, since each costs a check. */
const maxSignatures = 100

export function encodeNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(signatureLine).join('')}`
}

const signatureLine = ({ name, keyId, signature }: NoteSignature): string =>
  `— ${name} ${toBase64(concatBytes(fromHex(keyId), signature))}\n`

/** @throws ERR_LEDGER_BROKEN */
export function parseNote(note: string): Note {
  const end = note.lastIndexOf('\n\n')
  const text = note.slice(0, end + 1)
  const lines = note.slice(end + 2).split('\n')
  const unfinished = lines.pop() !== ''
  if (note.length > maxNoteCharacters || end < 0 || unfinished || lines.length === 0 || lines.length > maxSignatures) {
    throw broken('malformed note')
  }
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]|\p{Surrogate}/u.test(note)) throw broken('a character that notes may not hold')
  return { text, signatures: lines.map(parseLine) }
}

function parseLine(line: string): NoteSignature {
  const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? []
  if (name === undefined || encoded === undefined) throw broken('malformed signature line')
  const bytes = fromBase64(encoded)
  if (bytes.length < 5) throw broken('malformed signature line')
  return { name, keyId: toHex(bytes.subarray(0, 4)), signature: bytes.slice(4) }
}

export function encodeVkey(hash: Hash, key: { name: string; kind: KeyKind; publicKey: Uint8Array }): string {
  return `${key.name}+${keyIdOf(hash, key)}+${toBase64(typed(key.kind, key.publicKey))}`
}

/** @throws ERR_LEDGER_BROKEN also for a key whose id is not its own */
export function parseVkey(hash: Hash, vkey: string): NoteKey {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/u.exec(vkey.trim()) ?? []
  if (name === undefined || id === undefined || encoded === undefined) throw broken('malformed key')
  const bytes = fromBase64(encoded)
  const kind = kindOf(bytes[0])
  const key = { name, kind, publicKey: bytes.slice(1) }
  if (key.publicKey.length !== 32 || keyIdOf(hash, key) !== id) throw broken('this key is not what its id says')
  return { ...key, id }
}

function kindOf(type: number | undefined): KeyKind {
  if (type === keyTypes.ed25519) return 'ed25519'
  if (type === keyTypes.cosignature) return 'cosignature'
  throw broken('a kind of key that is not known')
}

const typed = (kind: KeyKind, publicKey: Uint8Array): Uint8Array =>
  concatBytes(Uint8Array.of(keyTypes[kind]), publicKey)

function keyIdOf(
  hash: Hash,
  { name, kind, publicKey }: { name: string; kind: KeyKind; publicKey: Uint8Array },
): string {
  return toHex(hash(concatBytes(encodeUtf8(`${name}\n`), typed(kind, publicKey))).subarray(0, 4))
}

/** A note with one signature by the log's own key. */
export async function signNote(hash: Hash, signer: Signer, text: string): Promise<string> {
  const { name, id } = parseVkey(hash, signer.vkey)
  const signature = await signer.sign(encodeUtf8(text))
  return encodeNote({ text, signatures: [{ name, keyId: id, signature }] })
}

/**
 * Checks every signature by a key in `vkeys`; others are ignored, as the format asks.
 *
 * @throws ERR_LEDGER_BROKEN if a known key's signature does not hold, or none of the keys signed
 */
export async function openNote(
  { hash, verifySignature }: { hash: Hash; verifySignature: VerifySignature },
  note: string,
  vkeys: readonly string[],
): Promise<OpenedNote> {
  const { text, signatures } = parseNote(note)
  const keys = vkeys.map((vkey) => parseVkey(hash, vkey))
  const by: { name: string; at: number | undefined }[] = []
  for (const { name, keyId, signature } of signatures) {
    const key = keys.find((each) => each.name === name && each.id === keyId)
    if (!key) continue
    const signed = key.kind === 'cosignature' ? cosigned(text, signature) : { text, signature, at: undefined }
    if (!(await verifySignature(key.publicKey, encodeUtf8(signed.text), signed.signature))) {
      throw broken(`the signature by ${name} does not hold`)
    }
    if (!by.some((each) => each.name === name)) by.push({ name, at: signed.at })
  }
  if (by.length === 0) throw broken('not signed by a known key')
  return { text, by }
}

/** A cosignature begins with the time it was made, eight bytes, in seconds; that is part of what it signs. */
function cosigned(text: string, bytes: Uint8Array): { text: string; signature: Uint8Array; at: number } {
  if (bytes.length !== 72) throw broken('malformed cosignature')
  const at = bytes.subarray(0, 8).reduce((seconds, byte) => seconds * 256 + byte, 0)
  return { text: cosignedText(text, at), signature: bytes.slice(8), at }
}

/** What a witness signs: https://c2sp.org/tlog-cosignature#format */
export const cosignedText = (text: string, atSeconds: number): string => `cosignature/v1\ntime ${atSeconds}\n${text}`

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

const broken = (says: string) => new CountersignError('ERR_LEDGER_BROKEN', { note: says })
