/**
 * Registries of packages, each with one package: npm's, Python's simple index, and a flat Debian repository.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { json, type Served, serve } from './served.ts'

const run = promisify(execFile)

/** `@acme/ms` 1.0.0; a list to be audited is remembered as it came. `gateway`: the address that clients know. */
export async function serveNpm(
  folder: string,
  gateway: () => string,
): Promise<Served & { readonly audited: string[] }> {
  const source = join(folder, 'ms')
  await mkdir(source)
  await writeFile(
    join(source, 'package.json'),
    JSON.stringify({ name: '@acme/ms', version: '1.0.0', main: 'index.js' }),
  )
  await writeFile(join(source, 'index.js'), 'module.exports = 60_000\n')
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: source })
  const tarball = await readFile(join(folder, 'acme-ms-1.0.0.tgz'))
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  const audited: string[] = []
  const served = await serve(({ method, url }, response, body) => {
    if (url === '/@acme%2fms' || url === '/@acme%2Fms') {
      const dist = { tarball: `${gateway()}/@acme/ms/-/ms-1.0.0.tgz`, integrity }
      const versions = { '1.0.0': { name: '@acme/ms', version: '1.0.0', main: 'index.js', dist } }
      return json(response, 200, { name: '@acme/ms', 'dist-tags': { latest: '1.0.0' }, versions })
    }
    if (url === '/@acme/ms/-/ms-1.0.0.tgz') return response.end(tarball)
    if (method === 'POST' && url === '/-/npm/v1/security/advisories/bulk') {
      audited.push(body.toString())
      return json(response, 200, {})
    }
    return json(response, 404, { error: 'not found' })
  })
  return { ...served, audited }
}

/** `acme-ms` 1.0 (https://packaging.python.org/en/latest/specifications/simple-repository-api/). */
export async function servePython(folder: string): Promise<Served> {
  const name = 'acme_ms-1.0-py3-none-any.whl'
  const info = 'acme_ms-1.0.dist-info'
  await mkdir(join(folder, 'wheel', info), { recursive: true })
  const write = (path: string, text: string) => writeFile(join(folder, 'wheel', path), text)
  await write('acme_ms.py', 'minute = 60_000\n')
  await write(`${info}/METADATA`, 'Metadata-Version: 2.1\nName: acme-ms\nVersion: 1.0\n')
  await write(`${info}/WHEEL`, 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
  await write(`${info}/RECORD`, 'acme_ms.py,,\n')
  await run('zip', ['-q', '-r', join(folder, name), '.'], { cwd: join(folder, 'wheel') })
  const wheel = await readFile(join(folder, name))
  return serve(({ url }, response) => {
    if (url === `/files/${name}`) return response.end(wheel)
    if (url !== '/simple/acme-ms/') return response.writeHead(404).end()
    return response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<!doctype html><a href="../../files/${name}">${name}</a>`)
  })
}

/** `acme-ms` 1.0 (https://wiki.debian.org/DebianRepository/Format#Flat_Repository_Format). */
export async function serveDebian(folder: string): Promise<Served> {
  const root = join(folder, 'deb')
  await mkdir(join(root, 'DEBIAN'), { recursive: true })
  const control =
    'Package: acme-ms\nVersion: 1.0\nArchitecture: all\nMaintainer: A <a@acme.example>\nDescription: a minute\n'
  await writeFile(join(root, 'DEBIAN', 'control'), control)
  await run('dpkg-deb', ['--root-owner-group', '-b', root, join(folder, 'acme-ms.deb')])
  const deb = await readFile(join(folder, 'acme-ms.deb'))
  const packages = `${control}Filename: ./acme-ms.deb\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n\n`
  const release = `Date: ${new Date().toUTCString()}\nSHA256:\n ${sha256(packages)} ${packages.length} Packages\n`
  const files = new Map<string, string | Buffer>([
    ['/Release', release],
    ['/Packages', packages],
    ['/acme-ms.deb', deb],
  ])
  return serve(({ url = '' }, response) => {
    const file = files.get(url)
    return file === undefined ? response.writeHead(404).end() : response.end(file)
  })
}

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
