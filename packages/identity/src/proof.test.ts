import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { type ExpectedProof, verifyIdTokenProof } from './proof.ts'

const atSeconds = 1_600_000_000
const at = atSeconds * 1000
const expected: ExpectedProof = { issuer: 'https://sso.example', clientId: 'countersign', subject: 'ben', at }
const claims = {
  iss: 'https://sso.example',
  aud: 'countersign',
  sub: 'ben',
  iat: atSeconds - 60,
  exp: atSeconds + 3600,
  auth_time: atSeconds - 60,
  acr: 'phr',
}

let pair: Awaited<ReturnType<typeof generateKeyPair>>
let keys: string
beforeAll(async () => {
  pair = await generateKeyPair('ES256', { extractable: true })
  keys = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }] })
})
const signed = (change: Record<string, unknown>) =>
  new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(pair.privateKey)

describe('a kept ID token proves a sign-in', () => {
  it.each<[string, boolean, Record<string, unknown>, Partial<ExpectedProof>]>([
    ['years after it ran out', true, {}, {}],
    [
      'that had run out when countersigning, within its session',
      true,
      { iat: atSeconds - 7200, exp: atSeconds - 3600 },
      {},
    ],
    ['but not one from an older session', false, { iat: atSeconds - 13 * 3600 }, {}],
    ['but not one issued afterwards', false, { iat: atSeconds + 120 }, {}],
    ['but not of someone else', false, { sub: 'cleo' }, {}],
    ['but not of another issuer', false, { iss: 'https://evil.example' }, {}],
    ['but not for another client', false, { aud: 'other' }, {}],
    ['for us among several, if we asked for it', true, { aud: ['countersign', 'other'], azp: 'countersign' }, {}],
    ['but not if another client asked for it', false, { aud: ['countersign', 'other'], azp: 'other' }, {}],
    ['but not one that was never valid', false, { exp: atSeconds - 3600 }, {}],
    ['but not one without an issue time', false, { iat: undefined }, {}],
    ['fresh, if authenticated just before', true, {}, { authenticatedWithinMs: 300_000 }],
    [
      'but not fresh, if authenticated long before',
      false,
      { auth_time: atSeconds - 900 },
      { authenticatedWithinMs: 300_000 },
    ],
    [
      'but not fresh without an authentication time',
      false,
      { auth_time: undefined },
      { authenticatedWithinMs: 300_000 },
    ],
    ['of the context asked for', true, {}, { acr: ['phr', 'phrh'] }],
    ['but not of a weaker context', false, { acr: 'pwd' }, { acr: ['phr'] }],
  ])('%s', async (_, holds, change, more) => {
    expect(await verifyIdTokenProof({ token: await signed(change), keys }, { ...expected, ...more })).toBe(holds)
  })

  it('but not with a changed claim, another key, no key, or no signature', async () => {
    const token = await signed({})
    const [head, , signature] = token.split('.')
    const forgedBody = Buffer.from(JSON.stringify({ ...claims, sub: 'cleo' })).toString('base64url')
    const other = await generateKeyPair('ES256', { extractable: true })
    const otherKeys = JSON.stringify({ keys: [{ ...(await exportJWK(other.publicKey)), kid: 'one', alg: 'ES256' }] })
    const bareHead = Buffer.from('{"alg":"none"}').toString('base64url')
    const shared = Buffer.from('a secret that both sides know, so it proves nothing')
    const sharedKey = { kty: 'oct', k: shared.toString('base64url'), kid: 'one', alg: 'HS256' }
    const symmetric = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(shared)

    const attempts = [
      { token: `${head}.${forgedBody}.${signature}`, keys },
      { token, keys: otherKeys },
      { token, keys: '{"keys":[]}' },
      { token, keys: 'nonsense' },
      { token: `${bareHead}.${token.split('.')[1]}.`, keys },
      { token: symmetric, keys: JSON.stringify({ keys: [sharedKey] }) },
      { token: '', keys },
    ]
    const asCleo = { ...expected, subject: 'cleo' }
    for (const [index, attempt] of attempts.entries()) {
      expect(await verifyIdTokenProof(attempt, index === 0 ? asCleo : expected)).toBe(false)
    }
  })
})
