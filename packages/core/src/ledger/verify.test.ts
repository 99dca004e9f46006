import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Fact } from '@countersign/schema'
import { beforeAll, describe, expect, it } from 'vitest'
import { allowedFact } from '../facts/steps.ts'
import { decodeBundle, encodeBundle } from './bundle.ts'
import { decodeUtf8, encodeUtf8, toBase64 } from './bytes.ts'
import { ledgerPaths } from './export.ts'
import { readLeaf } from './leaf.ts'
import { createFrontier, hashLeaf } from './merkle.ts'
import { finished, leavesOf, samplePermit, sampleRecord, sampleStory, someTime } from './sample.ts'
import { publish } from './sample-files.ts'
import { sha256 } from './sha256.ts'
import { createLogKey, createSigner, verifyEd25519 } from './signer.ts'
import { verifyLedger, type VerifyOptions } from './verify.ts'

type Files = ReadonlyMap<string, Uint8Array>
/** What is done, and whether it is seen alone, with a checkpoint kept at 500, and with the newest. */
type Attack = [string, () => Promise<Files>, boolean, boolean, boolean]

const parts = { hash: sha256, verifySignature: verifyEd25519 }
const signer = createSigner('countersign.test/default', createLogKey())
const size = 615

const verify = (files: Files, options: Partial<VerifyOptions> = {}) =>
  verifyLedger({ read: async (path) => files.get(path) }, parts, { vkey: signer.vkey, ...options })

const problemsOf = async (files: Files, options: Partial<VerifyOptions> = {}) =>
  (await verify(files, options)).problems.map(({ index, says }) => (index === undefined ? says : `${index} ${says}`))

/** Beside what happens in a day. */
const otherKinds: readonly string[] = ['tool.changed', 'record.denied', 'record.erased']

/** A day of 615 entries: the sample story without those, then 300 actions that policy allowed. */
function day(): Fact[] {
  const runs = Array.from({ length: 300 }, (_, at): Fact[] => {
    const record = sampleRecord(`act_run${at}`)
    const permit = samplePermit(`prm_run${at}`, record)
    return [allowedFact(record, permit), finished(permit)]
  })
  return [...sampleStory().filter(({ kind }) => !otherKinds.includes(kind)), ...runs.flat()]
}

const text = (files: Files, path: string): string => decodeUtf8(files.get(path) ?? new Uint8Array())

function changed(files: Files, path: string, how: (bytes: Uint8Array) => Uint8Array | undefined): Files {
  const copy = new Map(files)
  const bytes = how(copy.get(path) ?? new Uint8Array())
  if (bytes) copy.set(path, bytes)
  else copy.delete(path)
  return copy
}

describe('verifying a ledger (P11)', () => {
  const leaves = leavesOf(day())
  let files: Files
  let kept: string
  let newest: string

  beforeAll(async () => {
    files = await publish(leaves, signer)
    newest = text(files, 'checkpoint')
    kept = text(await publish(leaves.slice(0, 500), signer), 'checkpoint')
  })

  it('finds nothing wrong with an honest one, counts it, and does not say more than that', async () => {
    const report = await verify(files, { known: kept })
    const frontier = createFrontier(sha256)
    for (const leaf of leaves) frontier.push(hashLeaf(sha256, leaf))
    expect(report).toEqual({
      origin: 'countersign.test/default',
      size,
      root: toBase64(frontier.root()),
      state: 'unanchored',
      problems: [],
      furtherProblems: 0,
      counts: expect.objectContaining({
        'action.allowed': 301,
        'action.decided': 1,
        'approval.granted': 1,
        'deployment.founded': 1,
      }),
    })
    expect(Object.values(report.counts).reduce((sum, count) => sum + count)).toBe(size)
  })

  it('reads every file of the export and no other', async () => {
    const read = new Set<string>()
    const source = { read: async (path: string) => (read.add(path), files.get(path)) }
    await verifyLedger(source, parts, { vkey: signer.vkey })
    expect([...read, 'vkey'].toSorted()).toEqual([...ledgerPaths(size)].toSorted())
    expect([...files.keys()].toSorted()).toEqual([...ledgerPaths(size)].toSorted())
  })

  it('tells how far it is', async () => {
    const steps: number[] = []
    await verify(files, { onProgress: (done) => steps.push(done) })
    expect(steps).toEqual([256, 512, size])
  })

  it.each([0, 1, 2, 255, 256, 257])('finds nothing wrong with %d entries', async (count) => {
    expect(await problemsOf(await publish(leaves.slice(0, count), signer))).toEqual([])
  })

  it('takes the full file where the partial one is gone, as the format allows', async () => {
    const grown = await publish([...leaves, ...leavesOf(day(), someTime).slice(0, 153)], signer)
    const served = new Map(grown)
    for (const path of ['tile/entries/002', 'tile/0/002']) expect(served.has(path)).toBe(true)
    served.set('checkpoint', encodeUtf8(newest))
    served.set('tile/1/000.p/2', files.get('tile/1/000.p/2') ?? new Uint8Array())
    expect(await problemsOf(served)).toEqual([])
  })

  // Ledger research note, detection matrix: D writes the database, K holds the log's key. What a full recompute sees
  // alone, and with a checkpoint kept at 500 or the newest one, as a witness has it.
  const attacks: Attack[] = [
    ['D edits one entry', async () => edited(files), true, true, true],
    ['D+K edits one entry, rebuilds and signs again', () => publish(replaced(leaves), signer), false, true, true],
    ['D+K drops the newest 100', () => publish(leaves.slice(0, -100), signer), false, false, true],
    ['D serves an old checkpoint', () => publish(leaves.slice(0, 500), signer), false, false, true],
    [
      'D+K deletes an entry of the deployment, renumbers and signs again',
      () => publish(leaves.toSpliced(9, 1), signer),
      false,
      true,
      true,
    ],
    ...(['deny', 'ask'] as const).map((word): Attack => [
      `D+K turns what was allowed into what met ${word}, and signs again`,
      () =>
        publish(
          replaced(leaves, (leaf) => reworded(leaf, '"kind":"allow"', `"kind":"${word}"`)),
          signer,
        ),
      true,
      true,
      true,
    ]),
    [
      'D+K permits one action twice and signs again',
      () => publish(leaves.toSpliced(victim, 0, ...leaves.slice(victim, victim + 1)), signer),
      true,
      true,
      true,
    ],
    [
      'D+K deletes a permit, renumbers and signs again',
      () => publish(leaves.toSpliced(299, 1), signer),
      true,
      true,
      true,
    ],
  ]
  describe.each(attacks)('%s', (_, attack, alone, withKept, withNewest) => {
    it(`${alone ? 'is seen' : 'is missed'} by a full recompute`, async () => {
      expect((await problemsOf(await attack())).length > 0).toBe(alone)
    })
    it(`${withKept ? 'is seen' : 'is missed'} with a checkpoint kept from entry 500`, async () => {
      expect((await problemsOf(await attack(), { known: kept })).length > 0).toBe(withKept)
    })
    it(`${withNewest ? 'is seen' : 'is missed'} with the newest checkpoint`, async () => {
      expect((await problemsOf(await attack(), { known: newest })).length > 0).toBe(withNewest)
    })
  })

  it.each<[string, (files: Files) => Files, string]>([
    ['a tile is altered', (all) => changed(all, 'tile/0/001', turn), 'tile/0/001 is not what the entries give.'],
    [
      'a partial tile is altered',
      (all) => changed(all, 'tile/1/000.p/2', turn),
      'tile/1/000.p/2 is not what the entries give.',
    ],
    ['a tile is missing', (all) => changed(all, 'tile/0/002.p/103', () => undefined), 'tile/0/002.p/103 is not there.'],
    [
      'a tile is short',
      (all) => changed(all, 'tile/0/000', (bytes) => bytes.slice(1)),
      'tile/0/000 is not what the entries give.',
    ],
    [
      'entries are missing',
      (all) => changed(all, 'tile/entries/001', () => undefined),
      'tile/entries/001 is not there; what follows it was not checked.',
    ],
    [
      'entries are cut short',
      (all) => changed(all, 'tile/entries/001', (bytes) => bytes.slice(0, -1)),
      'tile/entries/001 is malformed; what follows it was not checked.',
    ],
    [
      'two entries change places',
      (all) => changed(all, 'tile/entries/001', swapped),
      'The entries do not add up to the signed root.',
    ],
    ['the checkpoint is missing', (all) => changed(all, 'checkpoint', () => undefined), 'The checkpoint is not there.'],
    [
      'the checkpoint is altered',
      (all) => changed(all, 'checkpoint', (note) => encodeUtf8(decodeUtf8(note).replace('615', '614'))),
      'The checkpoint is not signed by this log’s key, or is malformed.',
    ],
    [
      'the checkpoint is not text',
      (all) => changed(all, 'checkpoint', () => Uint8Array.of(0xff)),
      'The checkpoint is not signed by this log’s key, or is malformed.',
    ],
  ])('says so when %s', async (_, alter, says) => {
    expect(await problemsOf(alter(files))).toContain(says)
  })

  it('says so when another key signed, or the checkpoint seen before is not this log’s', async () => {
    const stranger = createSigner('countersign.test/default', createLogKey())
    expect(await problemsOf(files, { vkey: stranger.vkey })).toEqual([
      'The checkpoint is not signed by this log’s key, or is malformed.',
    ])
    const other = text(await publish(leaves.slice(0, 5), stranger), 'checkpoint')
    expect(await problemsOf(files, { known: other })).toEqual([
      'The checkpoint seen before is not signed by this log’s key, or is malformed.',
    ])
  })

  it.each<[string, string, string]>([
    ['spaces', '{"v": 1}', 'is not canonical JSON (RFC 8785)'],
    ['keys out of order', '{"b":1,"a":2}', 'is not canonical JSON (RFC 8785)'],
    ['the same key twice', '{"a":1,"a":1}', 'is not canonical JSON (RFC 8785)'],
    ['half a surrogate pair', '{"a":"\\ud800"}', 'is not canonical JSON (RFC 8785)'],
    ['a list', '[]', 'is not canonical JSON (RFC 8785)'],
    ['no JSON', 'hello', 'is not canonical JSON (RFC 8785)'],
    ['a fraction', '{"v":1.5}', 'holds a number that is not an integer'],
    ['no members', '{}', 'lacks what every leaf has'],
  ])('refuses a leaf with %s, whoever signed it', async (_, leaf, says) => {
    expect(await problemsOf(await publish([encodeUtf8(leaf)], signer))).toEqual([`0 ${says}`])
  })

  it('refuses a leaf of more than 16 KiB', () => {
    expect(readLeaf(encodeUtf8(`{"a":"${'x'.repeat(16_377)}"}`))).toEqual({ says: 'is larger than 16 KiB' })
  })

  it('quotes a leaf without the characters that steer a terminal', async () => {
    const [first] = leaves
    const leaf = decodeUtf8(first ?? new Uint8Array()).replace('deployment.founded', String.raw`\u001b[2J`)
    const [problem] = await problemsOf(await publish([encodeUtf8(leaf)], signer))
    expect(problem).toBe('0 is of a type that is not known: \uFFFD[2J')
  })

  it('lists a thousand problems and counts the rest', async () => {
    const bad = Array.from({ length: 1_500 }, () => encodeUtf8('{}'))
    const report = await verify(await publish(bad, signer))
    expect([report.problems.length, report.furtherProblems]).toEqual([1_000, 500])
  })

  it('throws what its source throws: not being able to read is no finding', async () => {
    const source = { read: async () => Promise.reject(new Error('offline')) }
    await expect(verifyLedger(source, parts, { vkey: signer.vkey })).rejects.toThrow('offline')
  })
})

describe('@countersign/core/verify', () => {
  it('and all that it imports need no Node, so that it runs in a browser', () => {
    const src = dirname(import.meta.dirname)
    const seen = new Set<string>()
    const foreign: string[] = []
    const walk = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const source = readFileSync(file, 'utf8')
      for (const [, typeOnly, from = ''] of source.matchAll(/^(?:import|export) (type )?[^'"]*?from '([^']+)'/gm)) {
        if (from.startsWith('.')) walk(join(dirname(file), from))
        else if (!typeOnly) foreign.push(`${file}: ${from}`)
      }
      expect(source, file).not.toMatch(/\bimport\(|\brequire\(|\bBuffer\b|\bprocess\./)
    }
    walk(join(src, 'verify.ts'))
    expect(foreign).toEqual([])
    expect(seen.size).toBeGreaterThan(12)
  })
})

/** An action that was allowed. */
const victim = 401
/** Its risk grows by as many digits. */
const riskier = (leaf: Uint8Array) => reworded(leaf, '"score":40', '"score":99')

function reworded(leaf: Uint8Array, from: string, to: string): Uint8Array {
  const text = decodeUtf8(leaf)
  expect(text).toContain(from)
  return encodeUtf8(text.replace(from, to))
}

const replaced = (all: readonly Uint8Array[], by = riskier): Uint8Array[] =>
  all.map((leaf, index) => (index === victim ? by(leaf) : leaf))

const edited = (files: Files): Files =>
  changed(files, 'tile/entries/001', (bytes) =>
    encodeBundle(decodeBundle(bytes).map((leaf, at) => (at === victim - 256 ? riskier(leaf) : leaf))),
  )

const turn = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte))

function swapped(bytes: Uint8Array): Uint8Array {
  const [first, second, ...rest] = decodeBundle(bytes)
  return encodeBundle([second, first, ...rest].filter((entry) => entry !== undefined))
}
