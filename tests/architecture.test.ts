/** ARCHITECTURE.md is a promise. This test keeps it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const rows = [...readFileSync('ARCHITECTURE.md', 'utf8').matchAll(/^\| (\w+) +\|[^|]+\|([^|]*)\|$/gm)]
const promised = new Map(
  rows.map(([, name = '', imports = '']) => [name, imports.split(' ').filter(Boolean).toSorted()]),
)
promised.delete('package')

it('the map lists every package', () => {
  expect([...promised.keys()].toSorted()).toEqual(readdirSync('packages').toSorted())
})

describe.each([...promised])('%s', (name, imports) => {
  it('declares nothing that the map does not allow', () => {
    const { dependencies = {} } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
    expect(imports).toEqual(expect.arrayContaining(Object.keys(dependencies).flatMap(own)))
  })

  it('imports nothing that it does not declare', () => {
    const { dependencies = {} } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
    const declared = Object.keys(dependencies).flatMap(own)
    expect(declared).toEqual(expect.arrayContaining([...importsOf(name)].flatMap(own)))
  })
})

it('the map names every folder of a package', () => {
  const text = readFileSync('ARCHITECTURE.md', 'utf8')
  const folders = readdirSync('packages').flatMap((name) =>
    readdirSync(`packages/${name}/src`, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && name !== 'console' ? [`${name}/${entry.name}`] : [],
    ),
  )
  expect(folders.filter((folder) => !text.includes(`\`${folder}\``))).toEqual([])
  const named = [...text.matchAll(/^\| `([a-z]+\/[a-z]+)`/gm)].map(([, folder = '']) => folder)
  expect(named.filter((folder) => !folders.includes(folder))).toEqual([])
})

it('every gateway has the same rooms', () => {
  const folders = readdirSync('packages/gateways/src', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const name of folders.map((folder) => folder.name).filter((each) => !shared.includes(each))) {
    const files = readdirSync(`packages/gateways/src/${name}`)
    const rooms = [name, 'config', 'wire', 'describe', 'run', 'refuse'].map((room) => `${room}.ts`)
    expect(files).toEqual(expect.arrayContaining(rooms))
  }
})

it('core does no I/O', () => {
  expect([...importsOf('core')].filter((from) => from.startsWith('node:')).toSorted()).toEqual(['node:crypto'])
})

/** Rooms of the gateways that know no gateway. */
const shared = ['meaning']

it('sibling gateways do not know each other', () => {
  const folders = readdirSync('packages/gateways/src', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const { name } of folders) {
    const text = sourcesIn(`packages/gateways/src/${name}`)
    for (const other of folders.filter(({ name: each }) => each !== name && !shared.includes(each)))
      expect(text).not.toContain(`../${other.name}/`)
  }
})

it('only the shared room for meaning compiles expressions and knows what a verb does', () => {
  const folders = readdirSync('packages/gateways/src', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const { name } of folders.filter((folder) => !shared.includes(folder.name))) {
    const text = sourcesIn(`packages/gateways/src/${name}`)
    expect(text).not.toContain('@marcbachmann/cel-js')
    expect(text).not.toContain('effectOf')
  }
})

/** `@countersign/core/verify` → `core`; other people's packages → nothing. */
const own = (from: string) => (from.startsWith('@countersign/') ? [from.split('/')[1] ?? ''] : [])

function importsOf(name: string): Set<string> {
  const text = sourcesIn(`packages/${name}/src`)
  return new Set(
    [...text.matchAll(/(?:from|import) '([^'.][^']*)'|import\('([^'.][^']*)'\)/g)].map(([, a, b]) => a ?? b ?? ''),
  )
}

function sourcesIn(folder: string): string {
  if (!existsSync(folder)) return ''
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
    .join('\n')
}

it('what tests share registers hooks only when it is told to: several files of tests may share one module', () => {
  const shared = readdirSync('packages', { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\/src\/.*\.ts$/.test(path) && !path.includes('node_modules') && !path.endsWith('.test.ts'),
  )
  const hook = /^(?:before|after)(?:Each|All)\(/m
  expect(shared.filter((path) => hook.test(readFileSync(`packages/${path}`, 'utf8')))).toEqual([])
})
