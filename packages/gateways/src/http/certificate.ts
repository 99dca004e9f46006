/**
 * The certificate that a listener shows: loaded from two files, and again when they change.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Clock, Concerns, Finding } from '@countersign/core'
import type { TlsConfig } from './config.ts'

/** A certificate with those that vouch for it, and the key that belongs to it, as PEM. */
export interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
  /** Milliseconds. */
  readonly endsAt: number
}

/** Why a pair is none, as a sentence, and which of the files is at fault. */
interface Fault {
  readonly file: keyof TlsConfig
  readonly says: string
}

/** What `check` and `start` find wrong with the files. */
export function prepareCertificate(files: TlsConfig | undefined): Finding[] {
  if (!files) return []
  const pair = readPair(files)
  if ('says' in pair) return [{ level: 'problem', path: ['tls', pair.file], says: pair.says }]
  if (pair.endsAt > Date.now()) return []
  return [{ level: 'warning', path: ['tls', 'certificate'], says: `The certificate ended at ${moment(pair.endsAt)}.` }]
}

export function readPair(files: TlsConfig): Pair | Fault {
  const cert = tryTo(() => readFileSync(files.certificate))
  if (!cert) return unread('certificate')
  const key = tryTo(() => readFileSync(files.key))
  return key ? pairOf(cert, key) : unread('key')
}

const unread = (file: keyof TlsConfig): Fault => ({ file, says: `The file of the ${file} cannot be read.` })

function pairOf(cert: Buffer, key: Buffer): Pair | Fault {
  const certificate = tryTo(() => new X509Certificate(cert))
  if (!certificate) return { file: 'certificate', says: 'This is no certificate in PEM.' }
  const own = tryTo(() => createPrivateKey(key))
  if (!own) return { file: 'key', says: 'This is no private key in PEM without a passphrase.' }
  if (!certificate.checkPrivateKey(own)) return { file: 'key', says: 'The key does not belong to the certificate.' }
  return { cert, key, endsAt: Date.parse(certificate.validTo) }
}

export interface Following {
  readonly files: TlsConfig
  /** The pair in force. */
  readonly pair: Pair
  readonly clock: Clock
  readonly concerns: Concerns
  /** Milliseconds between looks. */
  readonly everyMs?: number
  /** Puts a pair in force. */
  renew(pair: Pair): void
}

/** How often certificate and key are looked at; a new pair is in force that soon. */
const lookEveryMs = 2_000

/** Looks at the files again and again. What is no pair, or has ended already, leaves the old one in force, and is told. */
export function followCertificate({ files, pair, clock, concerns, everyMs = lookEveryMs, renew }: Following): {
  close(): void
} {
  const key = 'http: certificate'
  let inForce = pair
  let looked = Promise.resolve()
  let faultBefore: string | undefined

  async function look(): Promise<void> {
    const [cert, own] = await Promise.all(
      [files.certificate, files.key].map((path) => readFile(path).catch(() => undefined)),
    )
    if (cert?.equals(inForce.cert) && own?.equals(inForce.key)) return tell(undefined)
    const found = !cert ? unread('certificate') : own ? pairOf(cert, own) : unread('key')
    if ('says' in found) return tell(found.says)
    if (found.endsAt <= clock.now() && inForce.endsAt > clock.now()) return tell(`It ended at ${moment(found.endsAt)}.`)
    inForce = found
    renew(found)
    return tell(undefined)
  }

  /** A fault is told when it is seen twice: between the two files of a renewal there is always a moment. */
  function tell(fault: string | undefined): void {
    const lasts = fault !== undefined && fault === faultBefore
    faultBefore = fault
    if (lasts) {
      const still = `the one that is good until ${moment(inForce.endsAt)} stays`
      return concerns.raise(key, `The renewed certificate of the HTTP gateway is not in force, ${still}. ${fault}`)
    }
    if (fault !== undefined) return
    if (inForce.endsAt > clock.now()) concerns.clear(key)
    else concerns.raise(key, `The certificate of the HTTP gateway ended at ${moment(inForce.endsAt)}.`)
  }

  const timer = setInterval(() => {
    looked = looked.then(look)
  }, everyMs)
  timer.unref()
  tell(undefined)
  return {
    close: () => {
      clearInterval(timer)
    },
  }
}

const moment = (at: number): string => new Date(at).toISOString()

function tryTo<Type>(what: () => Type): Type | undefined {
  try {
    return what()
  } catch {
    return undefined // told by whoever asked, in a sentence
  }
}
