/**
 * Ed25519 by Node, for the log's key.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { CountersignError } from '../errors.ts'
import { encodeVkey, type Signer, type VerifySignature } from './note.ts'
import { sha256 } from './sha256.ts'

/** A new private key, PKCS #8 PEM. Whoever holds it can sign a different past: keep it apart from the database. */
export const createLogKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** @throws ERR_CONFIG_INVALID if this is not an Ed25519 private key, or no name for a note's key */
export function createSigner(name: string, privateKeyPem: string): Signer {
  const key = readKey(privateKeyPem)
  if (!/^[^\s+]+$/u.test(name)) throw new CountersignError('ERR_CONFIG_INVALID', { ledger: 'origin' })
  return {
    name,
    vkey: encodeVkey(sha256, { name, kind: 'ed25519', publicKey: rawPublicKey(key) }),
    sign: (bytes) => sign(null, bytes, key),
  }
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch (cause) {
    throw new CountersignError('ERR_CONFIG_INVALID', { ledger: 'key' }, { cause })
  }
  throw new CountersignError('ERR_CONFIG_INVALID', { ledger: 'key is not Ed25519' })
}

/** The last 32 bytes of the SPKI form (RFC 8410 §4) are the key itself. */
const rawPublicKey = (key: KeyObject): Uint8Array =>
  createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32)

const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

export const verifyEd25519: VerifySignature = (publicKey, bytes, signature) => {
  const der = Buffer.concat([spkiPrefix, publicKey])
  return verify(null, bytes, createPublicKey({ key: der, type: 'spki', format: 'der' }), signature)
}
