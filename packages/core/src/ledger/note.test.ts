import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { encodeUtf8, toBase64 } from './bytes.ts'
import { encodeCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts'
import { cosignedText, encodeNote, encodeVkey, openNote, parseNote, parseVkey, signNote } from './note.ts'
import { sha256 } from './sha256.ts'
import { createLogKey, createSigner, verifyEd25519 } from './signer.ts'

const parts = { hash: sha256, verifySignature: verifyEd25519 }
const broken = expect.objectContaining({ code: 'ERR_LEDGER_BROKEN' })

// https://c2sp.org/signed-note#example
const example =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'
const exampleKey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'

describe('signed notes (https://c2sp.org/signed-note)', () => {
  it('of the specification open with its key', async () => {
    expect(await openNote(parts, example, [exampleKey])).toEqual({
      text: 'This is an example message.\n',
      by: [{ name: 'example.com/foo', at: undefined }],
    })
    expect(encodeNote(parseNote(example))).toBe(example)
  })

  it('carry the key id that the specification computes', () => {
    const key = parseVkey(sha256, exampleKey)
    expect(key).toMatchObject({ name: 'example.com/foo', id: '530d903a', kind: 'ed25519' })
    expect(encodeVkey(sha256, key)).toBe(exampleKey)
  })

  it.each([
    ['another text', example.replace('example message', 'example massage')],
    ['another signature', example.replace('Uw2QOkn8', 'Uw2QOkn9')],
    ['no signature', 'This is an example message.\n\n'],
    ['no empty line', 'This is an example message.\n— example.com/foo Uw2QOkn8\n'],
    ['no last newline', example.trimEnd()],
    ['a hyphen for the dash', example.replace('—', '-')],
    ['a control character', example.replace('This', 'This\r')],
    ['half a surrogate pair', example.replace('This', 'This\uD800')],
    ['base64 that says the same twice', example.replace('aQM=', 'aQN=')],
    ['a key name with a space', example.replace('example.com/foo Uw', 'example com/foo Uw')],
    ['a key nobody knows', example.replace('example.com/foo', 'example.com/bar')],
    ['more than a megabyte', `${'x'.repeat(1_000_000)}${example}`],
  ])('do not open with %s', async (_, note) => {
    await expect(openNote(parts, note, [exampleKey])).rejects.toThrow(broken)
  })

  it.each([
    ['an id of another key', exampleKey.replace('530d903a', '530d903b')],
    ['another name', exampleKey.replace('foo', 'bar')],
    ['a short key', 'example.com/foo+530d903a+AekyeRrm'],
    ['an unknown type', `x+00000000+${toBase64(new Uint8Array(33).fill(9))}`],
    ['no parts', 'example.com/foo'],
  ])('know no key with %s', (_, vkey) => {
    expect(() => parseVkey(sha256, vkey)).toThrow(broken)
  })

  it('open whoever else signed them', async () => {
    const stranger = '— stranger.example AAAAAQAAAAAAAAAA\n'
    expect((await openNote(parts, example + stranger, [exampleKey])).by).toHaveLength(1)
  })

  it('open with a signature check that takes its time, as a browser’s does', async () => {
    const slow = {
      ...parts,
      verifySignature: async (...all: Parameters<typeof verifyEd25519>) => verifyEd25519(...all),
    }
    expect((await openNote(slow, example, [exampleKey])).by).toHaveLength(1)
    await expect(openNote({ ...parts, verifySignature: async () => false }, example, [exampleKey])).rejects.toThrow(
      broken,
    )
  })

  it('say when a witness cosigned them (https://c2sp.org/tlog-cosignature)', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
    const vkey = encodeVkey(sha256, { name: 'witness.example', kind: 'cosignature', publicKey: raw })
    const text = 'log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'
    const time = Buffer.alloc(8)
    time.writeBigUInt64BE(1_800_000_000n)
    const signature = Buffer.concat([time, sign(null, encodeUtf8(cosignedText(text, 1_800_000_000)), privateKey)])
    const { name, id: keyId } = parseVkey(sha256, vkey)
    const note = encodeNote({ text, signatures: [{ name, keyId, signature }] })
    expect((await openNote(parts, note, [vkey])).by).toEqual([{ name, at: 1_800_000_000 }])

    time.writeBigUInt64BE(1_800_000_001n)
    const later = Buffer.concat([time, signature.subarray(8)])
    const backdated = encodeNote({ text, signatures: [{ name, keyId, signature: later }] })
    await expect(openNote(parts, backdated, [vkey])).rejects.toThrow(broken)
  })
})

describe('the log’s key', () => {
  it('signs what anyone can check with its public half', async () => {
    const signer = createSigner('countersign.example/default', createLogKey())
    const note = await signNote(sha256, signer, 'text\n')
    expect((await openNote(parts, note, [signer.vkey])).text).toBe('text\n')
    const other = createSigner('countersign.example/default', createLogKey())
    await expect(openNote(parts, note, [other.vkey])).rejects.toThrow(broken)
  })

  it('is read back from its PEM as the same key', () => {
    const pem = createLogKey()
    expect(createSigner('a', pem).vkey).toBe(createSigner('a', pem).vkey)
    expect(createPublicKey(createPrivateKey(pem)).asymmetricKeyType).toBe('ed25519')
  })

  it.each([
    ['no PEM', 'a', 'nonsense'],
    [
      'a key of another kind',
      'a',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
    ['a name with a space', 'a b', createLogKey()],
    ['a name with a plus', 'a+b', createLogKey()],
  ])('is refused as %s', (_, name, pem) => {
    expect(() => createSigner(name, pem)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
  })
})

describe('checkpoints (https://c2sp.org/tlog-checkpoint)', () => {
  const root = new Uint8Array(32).fill(7)
  const signer = createSigner('countersign.example/default', createLogKey())

  it('are signed, and open to origin, size and root', async () => {
    const note = await signCheckpoint(sha256, signer, { size: 4242, root })
    expect(
      note.startsWith(`countersign.example/default\n4242\n${toBase64(root)}\n\n— countersign.example/default `),
    ).toBe(true)
    expect(await openCheckpoint(parts, note, signer.vkey)).toEqual({ origin: signer.name, size: 4242, root })
  })

  it('may carry extension lines', () => {
    expect(parseCheckpoint(`${encodeCheckpoint({ origin: 'a', size: 1, root })}extension\n`).size).toBe(1)
  })

  it('of another log do not open, even when this log’s key signed them', async () => {
    const note = await signNote(sha256, signer, encodeCheckpoint({ origin: 'other.example/default', size: 1, root }))
    await expect(openCheckpoint(parts, note, signer.vkey)).rejects.toThrow(broken)
  })

  it.each([
    ['no origin', `\n1\n${toBase64(root)}\n`],
    ['a size with a zero before it', `a\n01\n${toBase64(root)}\n`],
    ['a negative size', `a\n-1\n${toBase64(root)}\n`],
    ['a size beyond 2^53', `a\n9999999999999999\n${toBase64(root)}\n`],
    ['a short root', `a\n1\n${toBase64(root.subarray(1))}\n`],
    ['a root that is no base64', 'a\n1\n!\n'],
    ['one line', 'a\n'],
  ])('with %s are refused', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(broken)
  })
})
