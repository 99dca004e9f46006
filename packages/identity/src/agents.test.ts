import type { Presented } from '@countersign/core'
import type { Agent, AgentKey } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import {
  type AgentChange,
  byKeyAgain,
  change,
  createIdentify,
  issueKey,
  parseKey,
  register,
  revoke,
  rotate,
} from './agents.ts'

const at = 1_800_000_000_000
const hourMs = 3_600_000
const clockAt = (ms: number) => ({ now: () => ms })

const { key, secret } = issueKey(clockAt(at), { expiresInMs: hourMs })
const agent = register(
  { id: 'ledger-bot', name: 'Ledger bot', owner: 'ana', team: 'finance', groups: [], environment: 'prod', key },
  'ana',
)

const resource = 'https://countersign.example/mcp/crm'
const bearer = (token: string): Presented => ({ kind: 'bearer', token })

/** Answers like a store's index: by the exact hash. */
const storeOf = (known: Agent) => ({
  agents: {
    byKey: async (hash: string) => (known.keys.some((one) => one.hash === hash) ? known : undefined),
    get: async (id: string) => (known.id === id ? known : undefined),
  },
})
const identifyAmong = (known: Agent, now: number) => createIdentify(storeOf(known), clockAt(now))
const outcome = (known: Agent, token: string, now = at) =>
  identifyAmong(known, now)(bearer(token), { resource, source: undefined }).then(
    ({ credential: id }) => id,
    (error: { code: string }) => error.code,
  )

describe('B4: unknown keys', () => {
  const unknownKey = () => issueKey(clockAt(at), { expiresInMs: hourMs }).secret

  it('of one source are looked up one at a time after a hundred in a minute; a good one comes in all the same', async () => {
    let now = at
    let within = 0
    let most = 0
    const byKey = async (hash: string) => {
      most = Math.max(most, (within += 1))
      await new Promise((done) => setImmediate(done))
      within -= 1
      return agent.keys.some((one) => one.hash === hash) ? agent : undefined
    }
    const identify = createIdentify({ agents: { byKey, get: async () => agent } }, { now: () => now })
    const codeOf = (token: string, source?: string) =>
      identify(bearer(token), { resource, source }).then(
        () => 'in',
        (error: { code: string }) => error.code,
      )
    const flood = async (source?: string) => {
      most = 0
      const codes = await Promise.all(Array.from({ length: 100 }, () => codeOf(unknownKey(), source)))
      expect(new Set(codes)).toEqual(new Set(['ERR_AGENT_UNKNOWN']))
      return most
    }

    expect(await flood('10.0.0.1')).toBe(100)
    expect(await flood('10.0.0.1')).toBe(1)
    expect(await flood('10.0.0.2')).toBe(100)
    expect([await flood(), await flood()]).toEqual([100, 1])

    expect(await Promise.all([flood('10.0.0.1'), codeOf(secret, '10.0.0.1')])).toEqual([1, 'in'])
    now += 60_000
    expect(await flood('10.0.0.1')).toBe(100)
  })
})

it('B6: of a crowd with one key a few come in with each turn of the event loop', async () => {
  const identify = identifyAmong(agent, at)
  let came = 0
  const crowd = Array.from({ length: 100 }, async () => {
    await identify(bearer(secret), { resource, source: undefined })
    came += 1
  })
  await new Promise((done) => setImmediate(done))
  expect(came).toBeLessThan(30)
  await Promise.all(crowd)
  expect(came).toBe(100)
})

describe('a key', () => {
  it('is 32 random bytes, of which Countersign keeps the SHA-256', () => {
    expect(secret).toMatch(/^csk_[A-Za-z0-9_-]{43}$/)
    expect(parseKey(secret)).toEqual({ hash: key.hash })
    expect(JSON.stringify(agent)).not.toContain(secret.slice(4))
    expect(issueKey(clockAt(at), { expiresInMs: 1 }).secret).not.toBe(secret)
  })

  it.each([0, -1, Number.NaN])('cannot be valid for %s ms', (expiresInMs) => {
    expect(() => issueKey(clockAt(at), { expiresInMs })).toThrow(expect.objectContaining({ code: 'ERR_INPUT_INVALID' }))
  })

  const unknown = 'ERR_AGENT_UNKNOWN'
  const stopped = { ...agent, version: 2, status: 'stopped' as const, stoppedBy: 'ben' }
  it.each<[string, Agent, string, number, string]>([
    ['in force', agent, secret, at, key.id],
    ['in its last millisecond', agent, secret, at + hourMs - 1, key.id],
    ['expired', agent, secret, at + hourMs, unknown],
    ['revoked', revoke(agent, { keyId: key.id, now: at }, 'ana'), secret, at, unknown],
    ['of a stopped agent', stopped, secret, at, 'ERR_AGENT_STOPPED'],
    ['expired, of a stopped agent', stopped, secret, at + hourMs, unknown],
    ['truncated', agent, secret.slice(0, -1), at, unknown],
    ['with more behind it', agent, `${secret}A`, at, unknown],
    ['with a line end', agent, `${secret}\n`, at, unknown],
    ['with the prefix of an enforcement point', agent, secret.replace('csk_', 'cse_'), at, unknown],
    ['without its prefix', agent, secret.slice(4), at, unknown],
    ['as a bearer header', agent, `Bearer ${secret}`, at, unknown],
    ['presented as its hash', agent, key.hash, at, unknown],
    ['presented as its id', agent, key.id, at, unknown],
    ['that is empty', agent, '', at, unknown],
    ['of a megabyte', agent, `csk_${'A'.repeat(1 << 20)}`, at, unknown],
  ])('%s', async (_, known, credential, now, expected) => {
    expect(await outcome(known, credential, now)).toBe(expected)
  })

  it('counts for nothing if the store answers with an agent that does not hold it', async () => {
    const other = register({ ...agent, id: 'other', key: issueKey(clockAt(at), { expiresInMs: hourMs }).key }, 'ana')
    const identify = createIdentify({ agents: { byKey: async () => other, get: async () => other } }, clockAt(at))
    await expect(identify(bearer(secret), { resource, source: undefined })).rejects.toMatchObject({ code: unknown })
  })

  it('says who knocks', async () => {
    expect(await identifyAmong(agent, at)(bearer(secret), { resource, source: undefined })).toEqual({
      agent,
      credential: key.id,
      onBehalfOf: undefined,
      startedBy: undefined,
      proveAgain: expect.any(Function),
    })
  })

  it.each<[string, Presented]>([
    ['a token bound to a key', { kind: 'dpop', token: secret, proof: 'proof' }],
    ['a certificate', { kind: 'certificate', certificate: new Uint8Array([48]) }],
    ['an account of this machine', { kind: 'peer', uid: 0 }],
  ])('only a bearer proves anybody: %s is refused, whatever it carries', async (_, presented) => {
    const refused = identifyAmong(agent, at)(presented, { resource, source: undefined })
    await expect(refused).rejects.toMatchObject({ code: 'ERR_CREDENTIAL_KIND' })
  })
})

describe('proven again', () => {
  const revoked = revoke(agent, { keyId: key.id, now: at }, 'ana')
  it.each<[string, Agent | undefined, number, string]>([
    ['while the key is in force', agent, at + hourMs - 1, agent.id],
    ['once it has expired', agent, at + hourMs, 'ERR_AGENT_UNKNOWN'],
    ['once it was revoked', revoked, at, 'ERR_AGENT_UNKNOWN'],
    ['once the agent has other keys', { ...agent, keys: [] }, at, 'ERR_AGENT_UNKNOWN'],
    ['once nobody knows the agent', undefined, at, 'ERR_AGENT_UNKNOWN'],
  ])('%s', async (_, now, atMs, expected) => {
    const again = byKeyAgain({ get: async () => now }, clockAt(atMs), { agent: agent.id, key: key.id })
    const told = await again().then(
      ({ id }) => id,
      (error: { code: string }) => error.code,
    )
    expect(told).toBe(expected)
  })
})

describe('rotating', () => {
  const fresh = issueKey(clockAt(at), { expiresInMs: 10 * hourMs })
  const rotated = (overlapMs: number) => rotate(agent, { key: fresh.key, overlapMs, now: at }, 'ana')

  it.each<[string, number, number, [old: boolean, fresh: boolean]]>([
    ['both keys work within the overlap', 60_000, 59_999, [true, true]],
    ['only the new one after it', 60_000, 60_000, [false, true]],
    ['only the new one at once, without overlap', 0, 0, [false, true]],
    ['an overlap never lengthens the old key’s life', 5 * hourMs, hourMs, [false, true]],
  ])('%s', async (_, overlapMs, laterMs, expected) => {
    const works = async (credential: string) =>
      (await outcome(rotated(overlapMs), credential, at + laterMs)).startsWith('key_')
    expect([await works(secret), await works(fresh.secret)]).toEqual(expected)
  })

  it('is the agent’s next version, and says who did it', () => {
    expect(rotated(0)).toMatchObject({ version: 2, changedBy: 'ana', keys: [{ id: key.id }, { id: fresh.key.id }] })
  })
})

it.each<[string, () => unknown]>([
  ['an id that is no id', () => register({ ...agent, id: 'Not An Id' }, 'ana')],
  ['the name of the system', () => register({ ...agent, id: 'system' }, 'ana')],
  ['the name of the command line', () => register({ ...agent, id: 'operator' }, 'ana')],
  ['the name of everyone', () => register({ ...agent, id: 'all' }, 'ana')],
  ['a key of another agent', () => revoke(agent, { keyId: 'key_other', now: at }, 'ana')],
  ['a name of any length', () => change(agent, { name: 'x'.repeat(201) }, 'ana')],
  ['a negative overlap', () => rotate(agent, { key: key satisfies AgentKey, overlapMs: -1, now: at }, 'ana')],
])('%s is refused', (_, make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_INPUT_INVALID' }))
})

it('P3: every key says who was shown it', () => {
  const first = register({ ...agent, key }, 'per_ana')
  const { key: second } = issueKey(clockAt(at), { expiresInMs: hourMs })
  const rotated = rotate(first, { key: second, overlapMs: hourMs, now: at }, 'per_ben')
  expect(rotated.keys.map(({ issuedBy }) => issuedBy)).toEqual(['per_ana', 'per_ben'])
})

describe('P3: who set what still stands of an agent is known, whoever changes it next', () => {
  const changed = (...steps: readonly [AgentChange, by: string][]) =>
    steps.reduce(
      (before, [what, by]) => change(before, what, by),
      register({ ...agent, groups: ['base'], key }, 'per_ana'),
    )

  it.each<[string, [AgentChange, string][], Agent['setBy']]>([
    ['nothing was changed', [], undefined],
    ['one change', [[{ team: 'a' }, 'per_ben']], { team: 'per_ben' }],
    [
      'another change of something else',
      [
        [{ team: 'a' }, 'per_ben'],
        [{ name: 'Bot' }, 'per_cleo'],
      ],
      { team: 'per_ben', name: 'per_cleo' },
    ],
    [
      'the same said again',
      [
        [{ team: 'a' }, 'per_ben'],
        [{ team: 'a', environment: agent.environment }, 'per_cleo'],
      ],
      { team: 'per_ben' },
    ],
    [
      'it was set to something else',
      [
        [{ team: 'a' }, 'per_ben'],
        [{ team: 'b' }, 'per_cleo'],
      ],
      { team: 'per_cleo' },
    ],
    [
      'a group beside one that another added',
      [
        [{ groups: ['base', 'x'] }, 'per_ben'],
        [{ groups: ['y', 'x', 'base'] }, 'per_cleo'],
      ],
      { 'group x': 'per_ben', 'group y': 'per_cleo' },
    ],
    [
      'a group that another took away',
      [
        [{ groups: [] }, 'per_ben'],
        [{ groups: ['y'] }, 'per_cleo'],
      ],
      { 'group base': 'per_ben', 'group y': 'per_cleo' },
    ],
  ])('%s', (_, steps, expected) => {
    expect(changed(...steps).setBy).toEqual(expected)
  })

  it('a key that is issued or revoked changes nothing of it', () => {
    const set = changed([{ mode: 'observe' }, 'per_ben'])
    const { key: second } = issueKey(clockAt(at), { expiresInMs: hourMs })
    const rotated = rotate(set, { key: second, overlapMs: 0, now: at }, 'per_cleo')
    expect(revoke(rotated, { keyId: second.id, now: at }, 'per_cleo').setBy).toEqual({ mode: 'per_ben' })
  })
})
