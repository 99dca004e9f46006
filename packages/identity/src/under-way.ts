/**
 * Sign-ins under way. Their state lies in the browser that began them, encrypted (JWE, RFC 7516), so that nobody's
 * visit can push out another's, and any instance can finish what another began.
 *
 * @module
 */
import { type Clock, sha256Hex } from '@countersign/core'
import { CompactEncrypt, compactDecrypt } from 'jose'
import { z } from 'zod'
import { cookiesLike, readCookie, setCookie } from './cookies.ts'
import { signInFailed } from './failed.ts'
import { type PendingSignIn, pendingForMs } from './oidc.ts'

export interface UnderWay {
  /**
   * Binds a sign-in to this browser for 10 minutes. Several may be under way, one per tab; of too many the browser
   * forgets the others. Every text is one `Set-Cookie` value.
   */
  begin(pending: PendingSignIn, cookies: string | undefined): Promise<readonly string[]>
  /**
   * The sign-in that this callback answers, once. `cookie` removes what `begin` set.
   *
   * @throws ERR_SIGN_IN_FAILED for a callback that this browser did not begin, comes again, or comes too late
   */
  resume(
    cookies: string | undefined,
    callbackUrl: string | URL,
  ): Promise<{ readonly pending: PendingSignIn; readonly cookie: string }>
}

export interface UnderWaySettings {
  readonly clock: Clock
  readonly secure: boolean
  /** 32 bytes, the same on every instance. */
  readonly encryptionKey: Uint8Array
  /** How many used sign-ins are remembered; default 10,000. */
  readonly most?: number
}

const Pending = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  startedAt: z.number(),
  returnTo: z.string(),
  acr: z.string().optional(),
  maxAgeSeconds: z.number().optional(),
  prompt: z.enum(['login', 'select_account']).optional(),
  founding: z.literal(true).optional(),
})

const prefix = 'countersign-sign-in-'
const stateForm = /^[A-Za-z0-9_-]{43}$/
/**
 * Characters of the cookie that keeps a sign-in under way: browsers keep 4,096 bytes of one. A longer one is not read.
 */
const mostEncrypted = 4000
/**
 * Characters that other sign-ins under way may take of the 16 KiB of a request's headers; beyond, older ones are
 * removed.
 */
const mostCookies = 6000
/**
 * Used sign-ins remembered, so that none opens twice; the oldest may go, since a provider takes no code twice either.
 */
const mostUsed = 10_000

export function createUnderWay({ clock, secure, encryptionKey, most = mostUsed }: UnderWaySettings): UnderWay {
  /**
   * Hashes of the states that came back, oldest first. The oldest may be forgotten: the provider takes no code twice
   * either (RFC 6749 §4.1.2), and forgetting a used one never ends a sign-in under way.
   */
  const used = new Map<string, number>()

  return {
    async begin(pending, cookies) {
      const encrypted = await encrypt(pending)
      const mine = setCookie(nameOf(pending.state), encrypted, { secure, maxAgeSeconds: pendingForMs / 1000 })
      return [mine, ...tooMany(cookies, secure)]
    },

    async resume(cookies, callbackUrl) {
      const state = new URL(callbackUrl, 'http://countersign.invalid').searchParams.get('state') ?? ''
      if (!stateForm.test(state)) throw failed('no state')
      const pending = await open(readCookie(cookies, nameOf(state), secure))
      if (pending?.state !== state) throw failed('not begun in this browser')
      if (clock.now() - pending.startedAt > pendingForMs) throw failed('took too long')
      if (!use(state)) throw failed('used before')
      return { pending, cookie: setCookie(nameOf(state), '', { secure, maxAgeSeconds: 0 }) }
    },
  }

  function encrypt(pending: PendingSignIn): Promise<string> {
    return new CompactEncrypt(Buffer.from(JSON.stringify(pending)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(encryptionKey)
  }

  async function open(encrypted: string | undefined): Promise<PendingSignIn | undefined> {
    if (encrypted === undefined || encrypted.length > mostEncrypted) return undefined
    const how = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }
    try {
      const { plaintext } = await compactDecrypt(encrypted, encryptionKey, how)
      return Pending.parse(JSON.parse(Buffer.from(plaintext).toString())) as PendingSignIn
    } catch {
      return undefined // not encrypted by us, or by another version of us
    }
  }

  function use(state: string): boolean {
    const hash = sha256Hex(state)
    const now = clock.now()
    for (const [known, at] of used) {
      if (now - at <= pendingForMs && used.size < most) break
      used.delete(known)
    }
    if (used.has(hash)) return false
    used.set(hash, now)
    return true
  }
}

/** `state` is random, so eight of its characters name it well enough. */
const nameOf = (state: string) => `${prefix}${state.slice(0, 8)}`

/** Removes those of a browser that would soon send more than a request may carry. */
function tooMany(cookies: string | undefined, secure: boolean): string[] {
  let size = 0
  return cookiesLike(cookies, prefix, secure)
    .toReversed() // browsers send the oldest first (RFC 6265 §5.4)
    .filter(({ value }) => (size += value.length) > mostCookies)
    .map(({ name }) => setCookie(name, '', { secure, maxAgeSeconds: 0 }))
}

const failed = (why: string) => signInFailed('again', why)
