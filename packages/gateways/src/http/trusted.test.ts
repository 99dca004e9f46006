import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { certify } from './certificates.ts'

/** Whom a process trusts is said when it starts (`NODE_EXTRA_CA_CERTS`), so it is one of its own that asks. */
const asks = [
  '--import',
  fileURLToPath(import.meta.resolve('tsx')),
  '--conditions=countersign-source',
  fileURLToPath(new URL('./trusted-fixture.ts', import.meta.url)),
]

it('over TLS it is the name that was asked for, or the address, which the certificate has to vouch for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-tls-'))
  try {
    const { certificate, key } = certify()
    await writeFile(join(folder, 'certificate.pem'), certificate)
    await writeFile(join(folder, 'key.pem'), key)
    const { stdout } = await promisify(execFile)(process.execPath, [...asks, folder], {
      env: { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: join(folder, 'certificate.pem') },
    })
    expect(JSON.parse(stdout)).toEqual({
      localhost: ['200', '200'],
      '127.0.0.1': ['200', '200'],
      'evil.test': ['ERR_TLS_CERT_ALTNAME_INVALID, not reached', 'ERR_TLS_CERT_ALTNAME_INVALID, not reached'],
      heard: [
        ['localhost', 'http/1.1', 'one connection'],
        [false, 'http/1.1', 'one connection'],
      ],
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 60_000)
