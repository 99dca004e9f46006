import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { createConcerns } from '@countersign/core'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { followCertificate, type Pair, prepareCertificate, readPair } from './certificate.ts'
import { certify, type TestPair } from './certificates.ts'
import { type Instance, key, openInstance } from './fixture.ts'

let folder: string
let files: { certificate: string; key: string }
let instance: Instance | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-tls-'))
  files = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
})
afterEach(async () => {
  await instance?.close()
  instance = undefined
  await rm(folder, { recursive: true })
})

async function put({ certificate, key: own }: Partial<TestPair>): Promise<void> {
  if (certificate !== undefined) await writeFile(files.certificate, certificate)
  if (own !== undefined) await writeFile(files.key, own)
}

/** Whom the listener shows now, or how it refuses. */
const shown = (port: number, options: ConnectionOptions = {}) =>
  new Promise<string>((done) => {
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
      done(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.on('error', (error) => {
      done('code' in error ? String(error.code) : error.message)
    })
  })

const get = (port: number, ca: string) =>
  new Promise<number | undefined>((done, fail) => {
    request({ port, host: 'localhost', path: '/crm/a', ca, headers: { authorization: `Bearer ${key}` } }, (answer) => {
      answer.resume()
      done(answer.statusCode)
    })
      .once('error', fail)
      .end()
  })

describe('F10: TLS on the gateway’s listener', () => {
  it('serves by a certificate of its own, TLS 1.2 at least, and nothing in the clear', async () => {
    const pair = certify()
    await put(pair)
    instance = await openInstance({ config: { tls: files } })
    expect(await get(instance.port, pair.certificate)).toBe(200)
    expect(await shown(instance.port, { maxVersion: 'TLSv1.2' })).toBe('countersign')
    expect(
      await shown(instance.port, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }),
    ).toMatch(/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS/)
    expect(await shown(instance.port, { ALPNProtocols: ['h2', 'http/1.1'] })).toBe('countersign')
    const plainly = await instance.raw(`GET /crm/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n\r\n`)
    expect(plainly).not.toContain('200')
    expect(instance.attempts).toHaveLength(1)
    expect(instance.concerns()).toEqual([])
  })

  it('a renewed pair is in force by itself', async () => {
    await put(certify({ name: 'old' }))
    instance = await openInstance({ config: { tls: files } })
    const { port, concerns } = instance
    expect(await shown(port)).toBe('old')
    await put(certify({ name: 'renewed' }))
    await expect.poll(() => shown(port)).toBe('renewed')
    expect(concerns()).toEqual([])
  })

  it('a broken renewal leaves the old pair in force, and is told until it is mended', async () => {
    const [old, renewed] = [certify({ name: 'old' }), certify({ name: 'renewed' })]
    await put(old)
    const pair = readPair(files)
    if ('says' in pair) throw new Error(pair.says)
    const clock = { now: Date.now }
    const concerns = createConcerns({ clock, log: () => undefined })
    const inForce: string[] = []
    const renew = ({ cert }: Pair) => void inForce.push(new X509Certificate(cert).subject)
    const following = followCertificate({ files, pair, clock, concerns, everyMs: 20, renew })
    onTestFinished(() => following.close())
    const told = () => concerns.list().map(({ key: about, says }) => `${about}: ${says}`)
    await put({ certificate: renewed.certificate })
    await expect.poll(() => told().join()).toContain('The key does not belong to the certificate.')
    await put({ certificate: 'nothing' })
    await expect.poll(() => told().join()).toContain('This is no certificate in PEM.')
    await rm(files.key)
    await put({ certificate: certify({ name: 'ended', endsAt: Date.UTC(2001, 1) }).certificate })
    await expect.poll(() => told().join()).toContain('The file of the key cannot be read.')
    await put(certify({ name: 'ended', endsAt: -1 }))
    await expect.poll(() => told().join()).toContain('It ended at 1969-12-31T23:59:59.000Z.')
    expect(inForce).toEqual([])
    await put(renewed)
    await expect.poll(() => inForce).toEqual(['CN=renewed'])
    expect(told()).toEqual([])
  })

  it.each<[string, () => Promise<void>, string, string]>([
    ['no file', async () => undefined, 'certificate', 'The file of the certificate cannot be read.'],
    ['no key', () => put({ certificate: certify().certificate }), 'key', 'The file of the key cannot be read.'],
    [
      'another key',
      () => put({ ...certify(), key: certify().key }),
      'key',
      'The key does not belong to the certificate.',
    ],
    ['no PEM', () => put({ certificate: 'x', key: 'y' }), 'certificate', 'This is no certificate in PEM.'],
    [
      'a key that is none',
      () => put({ ...certify(), key: 'y' }),
      'key',
      'This is no private key in PEM without a passphrase.',
    ],
  ])('%s is found before anything is opened', async (_, prepared, file, says) => {
    await prepared()
    expect(prepareCertificate(files)).toEqual([{ level: 'problem', path: ['tls', file], says }])
    await expect(openInstance({ config: { tls: files } })).rejects.toThrow('The configuration is not valid.')
  })
})
