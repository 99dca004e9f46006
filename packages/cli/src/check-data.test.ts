/** What lies in the data directory, and the ports that a start opens: `check` finds what `serve` finds. */
import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { loadKeys } from '@countersign/server'
import { describe, expect, it } from 'vitest'
import { certify } from '../../gateways/src/http/certificates.ts'
import { check, cwd, inFolders, run, write } from './fake-folder.ts'

inFolders()

const at = (...names: string[]) => join(cwd, 'data', ...names)

async function keys(): Promise<void> {
  await mkdir(at(), { recursive: true, mode: 0o711 })
  await loadKeys(at('keys'))
}

async function insteadOf(name: string): Promise<void> {
  await keys()
  await rm(at('keys', name))
  await mkdir(at('keys', name))
}

async function holding(name: string, text: string): Promise<void> {
  await keys()
  await write(join('data/keys', name), text)
}

describe('E: a data directory that a start could not use', () => {
  it.each<[string, () => Promise<unknown>, string, RegExp]>([
    ['a key that cannot be read', () => insteadOf('kek'), 'data/keys/kek', /kek cannot be read \(EISDIR\)/],
    ['another that cannot be read', () => insteadOf('log.pem'), 'data/keys/log.pem', /cannot be read \(EISDIR\)/],
    [
      'a key that is too short',
      () => holding('kek', Buffer.alloc(31).toString('base64')),
      'data/keys/kek',
      /kek has 31 bytes, and not 32/,
    ],
    ['an empty key', () => holding('tenant', ''), 'data/keys/tenant', /tenant has 0 bytes/],
    ['a key that is none', () => holding('tenant', 'not base64!'), 'data/keys/tenant', /not in base64/],
    ['a signing key that is none', () => holding('log.pem', 'pem'), 'data/keys/log.pem', /not an Ed25519 private key/],
    [
      'a key that everyone may read',
      async () => {
        await keys()
        await chmod(at('keys/kek'), 0o644)
      },
      'data/keys/kek',
      /open to everyone on this machine \(mode 644\): chmod 600 /,
    ],
    [
      'a key that everyone may change',
      async () => {
        await keys()
        await chmod(at('keys/log.pem'), 0o602)
      },
      'data/keys/log.pem',
      /mode 602/,
    ],
    [
      'keys that are no folder',
      async () => {
        await mkdir(at())
        await write('data/keys', '')
      },
      'data/keys',
      /this is none/,
    ],
    [
      'the keys of local people, cut short',
      async () => {
        await mkdir(at())
        await write('data/local-people-keys.json', '{"jwks":')
      },
      'data/local-people-keys.json',
      /does not hold what was written there/,
    ],
    [
      'local people, of another form',
      async () => {
        await mkdir(at())
        await write('data/local-people.json', '[]')
      },
      'data/local-people.json',
      /does not hold what was written there\. .*needs a new link/,
    ],
  ])('%s', async (_, arrange, file, says) => {
    await arrange()
    const report = await check('name: x\n', '--data', 'data')
    expect(report).toMatchObject({ ok: false, problems: [{ file, line: 1, says: expect.stringMatching(says) }] })
    const served = await run('serve', '--port', '0', '--data', 'data')
    expect(served).toMatchObject({ code: 1, said: '' })
    expect(served.muttered).toContain(`${file}:1:1: ${report.problems[0]?.says}`)
  })

  it('several at once are told at once, and nothing is made or changed', async () => {
    await holding('kek', 'x')
    await write('data/keys/tenant', 'y')
    await rm(at('keys/log.pem'))
    const { problems } = await check('name: x\n', '--data', 'data')
    expect(problems.map(({ file }) => file)).toEqual(['data/keys/kek', 'data/keys/tenant'])
    expect(await readdir(at('keys'))).toEqual(['kek', 'tenant'])
  })

  it('a file where the folder should be', async () => {
    await write('data', '')
    const { problems } = await check('name: x\n', '--data', 'data')
    expect(problems).toMatchObject([
      { file: 'data', says: expect.stringMatching(/Data cannot lie here: .* no folder/) },
    ])
    expect((await check('name: x\n', '--data', 'data/below/it')).ok).toBe(false)
  })

  it('one that is not there yet is fine, and is not made; so is one with keys that a start has made', async () => {
    expect(await check('name: x\n', '--data', 'data/deep/down')).toMatchObject({ ok: true, warnings: [] })
    expect(await readdir(cwd)).not.toContain('data')
    await keys()
    expect(await check('name: x\n', '--data', 'data')).toMatchObject({ ok: true, warnings: [] })
  })
})

const listening = (own: string, http: string) =>
  `publicUrl: https://c.example\nlisten: ${own}\ngateways:\n  http:\n    listen: '${http}'\n    upstreams: { a: { origin: https://a.example, environment: prod } }\n`

describe('E: two listeners on one port', () => {
  it.each<[string, string, boolean]>([
    ['{ port: 4600 }', '127.0.0.1:4600', true],
    ['{ port: 4600 }', 'localhost:4600', true],
    ['{ port: 4600 }', '[::1]:4600', true],
    ['{ port: 4600 }', '0.0.0.0:4600', true],
    ['{ port: 4600 }', '[::]:4600', true],
    ['{ port: 4600, host: 0.0.0.0 }', '10.0.0.7:4600', true],
    ['{ port: 4600, host: 10.0.0.7 }', '10.0.0.7:4600', true],
    ['{ port: 4600, host: 10.0.0.7 }', '127.0.0.1:4600', false],
    ['{ port: 4600, host: 0.0.0.0 }', '[::1]:4600', false],
    ['{ port: 4600 }', '127.0.0.1:4602', false],
    ['{ port: 0 }', '127.0.0.1:0', false],
  ])('%s and %s: %j', async (own, http, clash) => {
    const report = await check(listening(own, http))
    expect([report.ok, report.problems]).toEqual([
      !clash,
      clash
        ? [
            expect.objectContaining({
              line: 5,
              column: 5,
              path: 'gateways.http.listen',
              says: expect.stringMatching(/Port 4600 is that of listen\.port already/),
            }),
          ]
        : [],
    ])
    if (!clash) return
    const served = await run('serve', '--data', 'data')
    expect(served).toMatchObject({ code: 1, said: '' })
    expect(served.muttered).toContain('countersign.yaml:5:5: gateways.http.listen: Port 4600')
  })
})

describe('E: a port that is taken', () => {
  it('is warned of where it is tried, at its line', async () => {
    const server = createServer()
    await new Promise<void>((ready) => void server.listen(0, '127.0.0.1', ready))
    const { port } = server.address() as AddressInfo
    const config = listening(`{ port: ${port} }`, '127.0.0.1:0')
    const tried = await check(config, '--connect')
    const httpTried = await check(listening('{ port: 0 }', `127.0.0.1:${port}`), '--connect')
    expect((await check(config)).warnings).toEqual([])
    await new Promise((done) => server.close(done))
    const says = expect.stringMatching(new RegExp(`Port ${port} of .* is taken by another program`))
    expect(tried).toMatchObject({
      ok: true,
      warnings: expect.arrayContaining([expect.objectContaining({ path: 'listen.port', line: 2, says })]),
    })
    expect(httpTried.warnings).toContainEqual(expect.objectContaining({ path: 'gateways.http.listen', line: 5, says }))
    expect((await check(config, '--connect')).warnings.map(({ path }) => path)).not.toContain('listen.port')
  })
})

it('E: a folder for large bodies that cannot be used is warned of', async () => {
  await write('full', '')
  const at = (folder: string) => `gateways:\n  http:\n    spoolFolder: ${join(cwd, folder)}\n    upstreams: {}\n`
  expect(await check(at('full/below'))).toMatchObject({
    ok: true,
    warnings: [{ line: 3, path: 'gateways.http.spoolFolder', says: expect.stringMatching(/cannot be taken: .*full/) }],
  })
  expect((await check(at('not/yet'))).warnings).toEqual([])
})

describe('E: a certificate of the HTTP gateway', () => {
  const config = `gateways:\n  http:\n    tls:\n      certificate: CWD/tls.crt\n      key: CWD/tls.key\n    upstreams: {}\n`
  it.each<[string, { certificate?: string; key?: string }, string, RegExp]>([
    ['that is not there', {}, '4:7 gateways.http.tls.certificate', /certificate cannot be read/],
    ['without its key', { certificate: certify().certificate }, '5:7 gateways.http.tls.key', /key cannot be read/],
    ['that is none', { certificate: 'x', key: certify().key }, '4:7 gateways.http.tls.certificate', /no certificate/],
    [
      'with the key of another',
      { certificate: certify().certificate, key: certify().key },
      '5:7 gateways.http.tls.key',
      /does not belong/,
    ],
  ])('%s', async (_, { certificate, key }, address, says) => {
    if (certificate !== undefined) await write('tls.crt', certificate)
    if (key !== undefined) await write('tls.key', key)
    const { problems } = await check(config.replaceAll('CWD', cwd))
    expect(problems.map(({ line, column, path }) => `${line}:${column} ${path}`)).toEqual([address])
    expect(problems[0]?.says).toMatch(says)
    const served = await run('serve', '--port', '0', '--data', 'data')
    expect([served.code, served.muttered]).toEqual([1, expect.stringContaining(problems[0]?.says ?? 'nothing')])
  })

  it('that has ended is warned of', async () => {
    const { certificate, key } = certify({ endsAt: Date.UTC(2026, 0, 2) })
    await write('tls.crt', certificate)
    await write('tls.key', key)
    expect(await check(config.replaceAll('CWD', cwd))).toMatchObject({
      ok: true,
      warnings: [{ path: 'gateways.http.tls.certificate', says: 'The certificate ended at 2026-01-02T00:00:00.000Z.' }],
    })
  })
})
