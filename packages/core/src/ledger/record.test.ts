import type { Fact } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../action/digest.ts'
import { decodeUtf8 } from './bytes.ts'
import { createFrontier, hashLeaf } from './merkle.ts'
import { verifyConsistency, verifyInclusion } from './proofs.ts'
import { consistencyProof, inclusionProof } from './prove.ts'
import { createRecorder } from './record.ts'
import { marker, requester, sampleAction, sampleRecord, sampleStory, someTime } from './sample.ts'
import { publish, tileSource } from './sample-files.ts'
import { sha256 } from './sha256.ts'
import { createLogKey, createSigner } from './signer.ts'
import { subjectsOf } from '../facts/laws.ts'
import { createVault } from './vault.ts'

const kek = new Uint8Array(32).fill(1)
const tenant = new Uint8Array(32).fill(2)
const broken = expect.objectContaining({ code: 'ERR_LEDGER_BROKEN' })

interface Stored {
  readonly subject: string
  readonly encrypted: Uint8Array
  readonly leaf: Uint8Array
}

function deployment() {
  const vault = createVault({ kek, tenant })
  const recorder = createRecorder(vault)
  const keys = new Map<string, Uint8Array>()
  const subjects = new Map<string, string>()

  function record(fact: Fact): Stored {
    const [subject = ''] = subjectsOf([fact], (action) => subjects.get(action))
    if (fact.kind === 'action.decided') subjects.set(fact.record.id, subject)
    const key = keys.get(subject) ?? vault.newSubjectKey(subject).wrapped
    keys.set(subject, key)
    const prepared = recorder.prepare(fact, subject)
    return { subject, encrypted: recorder.encrypt([prepared], subject, key), leaf: prepared.leafAt(someTime) }
  }
  const open = ({ leaf, ...group }: Stored) =>
    recorder.open({ ...group, leaves: [leaf] }, keys.get(group.subject))[0]?.fact
  return { vault, recorder, keys, record, open }
}

describe('a record', () => {
  it('gives back every kind of fact as it was', () => {
    const { record, open } = deployment()
    for (const fact of sampleStory()) expect(open(record(fact))).toEqual(fact)
  })

  it('is unreadable where it is stored', () => {
    const { record } = deployment()
    for (const { encrypted, leaf } of sampleStory().map(record)) {
      expect(Buffer.concat([encrypted, leaf]).toString('latin1')).not.toContain('Jane')
    }
  })

  it('commits to one payload: the same fact twice shows nowhere that it is the same (P12)', () => {
    const { record } = deployment()
    const fact: Fact = { kind: 'action.decided', record: sampleRecord('act_1') }
    const [one, other] = [record(fact), record(fact)].map(({ leaf }) => JSON.parse(decodeUtf8(leaf)))
    expect(one.payload).not.toBe(other.payload)
    expect(one.action.digest).not.toBe(other.action.digest)
    expect(one.action.digest).not.toBe(digestOf(sampleAction()))
  })

  it('is erased once the key of its subject is gone, also when the subject has a new one (P12)', () => {
    const { vault, keys, record, open } = deployment()
    const before = record({ kind: 'action.decided', record: sampleRecord('act_1') })
    keys.delete(requester)
    expect(open(before)).toEqual({ kind: 'erased', was: 'action.decided' })
    keys.set(requester, vault.newSubjectKey(requester).wrapped)
    expect(open(before)).toEqual({ kind: 'erased', was: 'action.decided' })
    const after: Fact = { kind: 'action.decided', record: sampleRecord('act_2') }
    expect(open(record(after))).toEqual(after)
  })

  it.each<[string, (one: Stored, other: Stored) => Stored]>([
    ['the payload of another', (one, other) => ({ ...one, encrypted: other.encrypted })],
    ['the leaf of another', (one, other) => ({ ...one, leaf: other.leaf })],
    ['a bit of its payload turned', (one) => ({ ...one, encrypted: turned(one.encrypted, 60) })],
    ['a bit of its tag turned', (one) => ({ ...one, encrypted: turned(one.encrypted, one.encrypted.length - 1) })],
    ['a bit of what its key is derived from turned', (one) => ({ ...one, encrypted: turned(one.encrypted, 12) })],
    ['nothing in it', (one) => ({ ...one, encrypted: new Uint8Array() })],
  ])('does not open with %s', (_, alter) => {
    const { record, open } = deployment()
    const [one, other] = [sampleRecord('act_1'), sampleRecord('act_2')].map((each) =>
      record({ kind: 'action.decided', record: each }),
    )
    if (!one || !other) throw new Error('two records')
    expect(() => open(alter(one, other))).toThrow(broken)
  })

  it('leaves every proof standing when it is erased (P12)', async () => {
    const { open, keys, record } = deployment()
    const facts = Array.from({ length: 300 }, (_, at) => {
      const action = at % 7 === 0 ? sampleAction() : sampleAction({ onBehalfOf: `per_${at % 5}` })
      return { kind: 'action.decided', record: sampleRecord(`act_${at}`, { action }) } as const
    })
    const stored = facts.map(record)
    const leaves = stored.map(({ leaf }) => leaf)
    const files = await publish(leaves, createSigner('countersign.test/default', createLogKey()))
    const rootAt = (size: number) => {
      const frontier = createFrontier(sha256)
      for (const leaf of leaves.slice(0, size)) frontier.push(hashLeaf(sha256, leaf))
      return frontier.root()
    }

    keys.delete(requester)
    const read = stored.map(open)
    expect(read.filter((fact) => fact?.kind === 'erased')).toHaveLength(43)
    const source = tileSource(files, 300)
    for (const [index, leaf] of leaves.entries()) {
      const proof = await inclusionProof(sha256, source, index, 300)
      const shown = { leafHash: hashLeaf(sha256, leaf), index, size: 300, proof, root: rootAt(300) }
      expect(verifyInclusion(sha256, shown)).toBe(true)
    }
    const proof = await consistencyProof(sha256, source, 111, 300)
    const connected = { from: 111, to: 300, fromRoot: rootAt(111), toRoot: rootAt(300), proof }
    expect(verifyConsistency(sha256, connected)).toBe(true)
  })
})

describe('the vault', () => {
  const plain = Buffer.from('payload')

  it('opens with the key-encryption key that encrypted, and with none other', () => {
    const vault = createVault({ kek, tenant })
    const { wrapped } = vault.newSubjectKey('system')
    const encrypted = vault.encrypt('system', wrapped, 'it', plain)
    expect(vault.open('system', wrapped, 'it', encrypted)).toEqual(plain)
    const other = createVault({ kek: new Uint8Array(32).fill(9), tenant })
    expect(() => other.open('system', wrapped, 'it', encrypted)).toThrow(broken)
    expect(() => vault.open('per_1', wrapped, 'it', encrypted)).toThrow(broken)
    expect(() => vault.open('system', wrapped, 'something else', encrypted)).toThrow(broken)
    expect(() => vault.open('system', new Uint8Array(), 'it', encrypted)).toThrow(broken)
    expect(vault.open('system', vault.newSubjectKey('system').wrapped, 'it', encrypted)).toBeUndefined()
  })

  it('encrypts the same twice, and nobody sees that it is the same', () => {
    const vault = createVault({ kek, tenant })
    const { wrapped } = vault.newSubjectKey('system')
    const [one, other] = [1, 2].map(() => Buffer.from(vault.encrypt('system', wrapped, 'it', plain)).toString('hex'))
    for (let at = 16; at + 16 <= (one?.length ?? 0); at += 16) {
      expect(other?.slice(16)).not.toContain(one?.slice(at, at + 16))
    }
  })

  it('changes its key-encryption key with overlap, without encrypting a record anew', () => {
    const before = createVault({ kek, tenant })
    const { wrapped } = before.newSubjectKey('system')
    const encrypted = before.encrypt('system', wrapped, 'it', plain)

    const next = new Uint8Array(32).fill(3)
    const overlap = createVault({ kek: next, previousKeks: [kek], tenant })
    expect(overlap.open('system', wrapped, 'it', encrypted)).toEqual(plain)
    const rewrapped = overlap.rewrapSubjectKey('system', wrapped)
    const after = createVault({ kek: next, tenant })
    expect(after.open('system', rewrapped, 'it', encrypted)).toEqual(plain)
    expect(after.kekId).not.toBe(before.kekId)
  })

  it('finds and refers to the same value alike, in this deployment alone, and never by the same word', () => {
    const [one, same] = [createVault({ kek, tenant }), createVault({ kek: new Uint8Array(32).fill(9), tenant })]
    const other = createVault({ kek, tenant: new Uint8Array(32).fill(9) })
    expect(one.lookup('value')).toBe(same.lookup('value'))
    expect(one.lookup('value')).not.toBe(other.lookup('value'))
    expect(one.secretReference('value')).toMatch(/^secret:[0-9a-f]{64}$/)
    expect(one.secretReference('value')).not.toContain(one.lookup('value'))
    expect(one.secretReference(marker)).not.toBe(other.secretReference(marker))
  })

  it.each([
    ['short key', { kek: new Uint8Array(16), tenant }],
    ['short look-up key', { kek, tenant: new Uint8Array(31) }],
    ['key with two purposes', { kek, tenant: kek }],
  ])('takes no %s', (_, keys) => {
    expect(() => createVault(keys)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
  })
})

describe('the subject of a fact', () => {
  it('is who it is about: the person acted for, else the agent; whoever looked or tried; else Countersign', () => {
    const known = (action: string) => (action === 'act_2' ? requester : undefined)
    const subjects = sampleStory().map((fact) => [fact.kind, ...subjectsOf([fact], known)])
    expect(subjects.map(([, subject]) => subject)).not.toContain(undefined)
    const own = sampleAction()
    const { onBehalfOf: _, ...alone } = own
    expect(subjectsOf([{ kind: 'action.decided', record: sampleRecord('act_1', { action: alone }) }], known)).toEqual([
      'reporter',
    ])
    expect(Object.fromEntries(subjects)).toMatchObject({
      'action.decided': requester,
      'approval.changed': requester,
      'action.permitted': requester,
      'action.finished': requester,
      'agent.changed': 'reporter',
      'deployment.founded': 'system',
      'policy.activated': 'system',
    })
  })
})

function turned(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
