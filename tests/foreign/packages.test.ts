import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestInstance, type TestInstance } from '../instance.ts'
import { client } from './clients.ts'
import { serveDebian, serveNpm, servePython } from './services/packages.ts'
import type { Served } from './services/served.ts'

let instance: TestInstance
let npm: Awaited<ReturnType<typeof serveNpm>>
let python: Served
let debian: Served
let folder: string
let key: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-packages-'))
  npm = await serveNpm(folder, () => `${instance.demo.gatewayUrl}/npm`)
  python = await servePython(folder)
  debian = await serveDebian(folder)
  const resources = [{ kind: 'file', name: 'package' }]
  const reading = { verb: 'file.read', resources, reads: [], writes: [] }
  const upstream = { private: true, environment: 'prod' }
  const routes = { 'GET /{path*}': reading }
  instance = await openTestInstance({
    http: {
      upstreams: {
        npm: {
          ...upstream,
          origin: npm.origin,
          encodedSlash: 'data',
          routes: {
            'GET /{package}': reading,
            'GET /{scope}/{name}/-/{file}': reading,
            'POST /-/npm/v1/security/{path*}': reading,
          },
        },
        pypi: { ...upstream, origin: python.origin, routes },
        debian: { ...upstream, origin: debian.origin, routes },
      },
    },
  })
  key = instance.demo.keys['ops-bot']
})
afterAll(async () => {
  await instance.close()
  await Promise.all([npm, python, debian].map((service) => service.close()))
  await rm(folder, { recursive: true, force: true })
})

const address = (name: string) => `${instance.demo.gatewayUrl}/${name}/`

it('F4: npm installs a scoped package, and its audit’s compressed list is read', async () => {
  const cwd = join(folder, 'project')
  await mkdir(cwd)
  await writeFile(join(cwd, 'package.json'), JSON.stringify({ name: 'project', version: '1.0.0' }))
  const credential = `${address('npm').replace('http:', '')}:_authToken=${key}`
  await writeFile(join(cwd, '.npmrc'), `registry=${address('npm')}\n${credential}\nfund=false\nupdate-notifier=false\n`)
  expect(await client('npm', ['install', '--no-audit', '@acme/ms'], { cwd })).toMatchObject({ code: 0 })
  expect(await readFile(join(cwd, 'node_modules/@acme/ms/index.js'), 'utf8')).toContain('60_000')
  expect(await client('npm', ['audit'], { cwd })).toMatchObject({
    code: 0,
    said: expect.stringContaining('0 vulnerabilities'),
  })
  expect(npm.audited).toEqual(['{"@acme/ms":["1.0.0"]}'])
}, 180_000)

it('F1: pip downloads with the key as a password', async () => {
  const url = address('pypi').replace('//', `//agent:${key}@`)
  const words = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--disable-pip-version-check',
    '--index-url',
    `${url}simple/`,
    'acme-ms',
  ]
  const pyenv = process.env['PYENV_ROOT'] ?? join(process.env['HOME'] ?? '/', '.pyenv')
  const { code, said } = await client('python3', words, { cwd: folder, env: { PYENV_ROOT: pyenv } })
  expect([code, said]).toEqual([0, expect.stringContaining('Successfully downloaded acme-ms')])
}, 180_000)

it('F1: apt updates and downloads with a login for the gateway', async () => {
  const root = join(folder, 'apt')
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'etc'])
    await mkdir(join(root, name), { recursive: true })
  await writeFile(join(root, 'etc/sources.list'), `deb [trusted=yes] ${address('debian')} ./\n`)
  const machine = address('debian').replace(/\/$/, '')
  await writeFile(join(root, 'etc/auth.conf'), `machine ${machine} login agent password ${key}\n`)
  await writeFile(join(root, 'state/status'), '')
  const settings = {
    'Dir::State': join(root, 'state'),
    'Dir::State::status': join(root, 'state/status'),
    'Dir::Cache': join(root, 'cache'),
    'Dir::Etc::sourcelist': join(root, 'etc/sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::netrc': join(root, 'etc/auth.conf'),
    'Dir::Etc::netrcparts': '/dev/null',
    'APT::Sandbox::User': 'root',
    'APT::Architecture': 'amd64',
    'Acquire::Languages': 'none',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const apt = (...words: string[]) => client('apt-get', [...options, ...words], { cwd: root })
  const updated = await apt('update', '--error-on=any')
  expect(updated).toEqual({ code: 0, said: expect.stringContaining('Packages') })
  expect(await apt('download', 'acme-ms')).toMatchObject({ code: 0 })
  expect((await readFile(join(root, 'acme-ms_1.0_all.deb'))).subarray(0, 7).toString()).toBe('!<arch>')
  expect(JSON.stringify(debian.log)).toContain('acme-ms.deb')
})
