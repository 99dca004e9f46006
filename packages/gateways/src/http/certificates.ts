/**
 * Certificates for tests: one that vouches for itself, for localhost and 127.0.0.1 (RFC 5280 §4.1).
 *
 * @module
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface TestPair {
  readonly certificate: string
  readonly key: string
}

/** Good from yesterday until `endsAt`, before the year 2050. */
export function certify({ name = 'countersign', endsAt = Date.now() + 30 * dayMs } = {}): TestPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const subject = sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))))
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsa,
    subject,
    sequence(time(Math.min(Date.now(), endsAt) - dayMs), time(endsAt)),
    subject,
    spki,
    der(0xa3, sequence(...extensions(spki))),
  )
  const signature = sign('sha256', body, privateKey)
  const bytes = sequence(body, ecdsa, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = bytes.toString('base64').replaceAll(/.{1,64}/g, '$&\n')
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

const dayMs = 86_400_000

function extensions(spki: Buffer): Buffer[] {
  const yes = der(0x01, Buffer.from([0xff]))
  const id = createHash('sha1').update(spki).digest()
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))
  return [
    sequence(oid('551d11'), der(0x04, names)),
    sequence(oid('551d13'), yes, der(0x04, sequence(yes))),
    sequence(oid('551d0e'), der(0x04, der(0x04, id))),
  ]
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts))
const integer = (bytes: Buffer): Buffer => der(0x02, bytes)
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))
const time = (at: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(at).toISOString().slice(2, 19).replaceAll(/\D/g, '')}Z`))

/** ecdsa-with-SHA256, RFC 5758 §3.2. */
const ecdsa = sequence(oid('2a8648ce3d040302'))
