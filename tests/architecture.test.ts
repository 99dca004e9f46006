/** ARCHITECTURE.md is a promise. This test keeps it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const map = readFileSync('ARCHITECTURE.md', 'utf8')
const rows = [...map.matchAll(/^\| (\w+) +\|[^|]+\|([^|]*)\|$/gm)]
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
  const folders = readdirSync('packages').flatMap((name) =>
    readdirSync(`packages/${name}/src`, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && name !== 'console' ? [`${name}/${entry.name}`] : [],
    ),
  )
  expect(folders.filter((folder) => !map.includes(`\`${folder}\``))).toEqual([])
  const named = [...map.matchAll(/^\| `([a-z]+\/[a-z]+)`/gm)].map(([, folder = '']) => folder)
  expect(named.filter((folder) => !folders.includes(folder))).toEqual([])
})

it.each(readdirSync('packages'))('no file of %s leads back to itself by its imports', (name) => {
  expect(circlesIn(`packages/${name}/src`)).toEqual([])
})

it('no folder of the server leads back to itself', () => {
  const folderOf = (file: string) => (file.includes('/') ? dirname(file) : file)
  const between = arrowsIn('packages/server/src')
    .filter(({ from }) => !from.endsWith('.test.ts'))
    .map(({ from, to }) => ({ from: folderOf(from), to: folderOf(to) }))
  expect(innerOf(between.filter(({ from, to }) => from !== to))).toEqual([])
})

describe('parts of one kind have the same files', () => {
  const kinds = [...map.matchAll(/^\| `(\w+)` +\|((?: `[^`]+`)+) *\|/gm)]

  it('the map says which, for every kind', () => {
    expect(kinds.map(([, kind]) => kind)).toEqual(['gateways', 'channels', 'followers', 'stores'])
  })

  const parts = kinds.flatMap(([, kind = '', files = '']) => partsOf(kind).map((name) => ({ kind, name, files })))
  it.each(parts)('$kind/$name', ({ kind, name, files }) => {
    const demanded = [...files.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file.replace('<name>', name))
    expect(readdirSync(`packages/${kind}/src/${name}`)).toEqual(expect.arrayContaining(demanded))
  })

  it.each(partsOf('stores'))('the test of %s is the conformance suite', (name) => {
    expect(readFileSync(`packages/stores/src/${name}/${name}.test.ts`, 'utf8')).toContain('itBehavesLikeAStore(')
  })
})

it('core does no I/O', () => {
  expect([...importsOf('core', runs)].filter((from) => from.startsWith('node:')).toSorted()).toEqual(['node:crypto'])
})

it.each(['core', 'policy', 'channels', 'followers'])('%s calls nobody: what goes out goes through egress', (name) => {
  expect([...importsOf(name, runs)].filter((from) => /^node:(?:http|https|http2|net|tls|dgram)$/.test(from))).toEqual(
    [],
  )
  expect(sourcesIn(`packages/${name}/src`)).not.toMatch(/(?<![.\w])fetch\(/)
})

it.each(['gateways', 'channels', 'followers', 'stores'])('sibling %s do not know each other', (kind) => {
  for (const name of foldersOf(kind)) {
    const text = sourcesIn(`packages/${kind}/src/${name}`)
    for (const other of partsOf(kind).filter((each) => each !== name)) expect(text).not.toContain(`../${other}/`)
  }
})

it('only the shared folder for meaning compiles expressions and knows what a verb does', () => {
  for (const name of partsOf('gateways')) {
    const text = sourcesIn(`packages/gateways/src/${name}`)
    expect(text).not.toContain('@marcbachmann/cel-js')
    expect(text).not.toContain('effectOf')
  }
})

/** Those that are parts of this kind: the map calls the others shared. */
function partsOf(kind: string): string[] {
  const shared = [...map.matchAll(/^\| `(\w+\/\w+)` +\| shared: /gm)].map(([, folder]) => folder)
  return foldersOf(kind).filter((name) => !shared.includes(`${kind}/${name}`))
}

function foldersOf(kind: string): string[] {
  const entries = readdirSync(`packages/${kind}/src`, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

interface Arrow {
  readonly from: string
  readonly to: string
}

/** Types, tests and what they stand on included: what is read in a circle has no first page. */
const circlesIn = (folder: string) => innerOf(arrowsIn(folder))

function arrowsIn(folder: string): Arrow[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
  return files.flatMap((from) =>
    [...readFileSync(`${folder}/${from}`, 'utf8').matchAll(/(?:from|import) '(\.[^']*)'|import\('(\.[^']*)'\)/g)].map(
      ([, statically, later = '']) => ({ from, to: join(dirname(from), statically ?? later) }),
    ),
  )
}

function innerOf(arrows: readonly Arrow[]): string[] {
  // An arrow from a file that nobody imports, or to one that imports nothing, is in no circle. Without it, others are such.
  for (let left = [...arrows]; ;) {
    const [importing, imported] = [new Set(left.map(({ from }) => from)), new Set(left.map(({ to }) => to))]
    const inner = left.filter(({ from, to }) => imported.has(from) && importing.has(to))
    if (inner.length === left.length) return [...new Set(left.map(({ from, to }) => `${from} → ${to}`))]
    left = inner
  }
}

/** `@countersign/core/verify` → `core`; other people's packages → nothing. */
const own = (from: string) => (from.startsWith('@countersign/') ? [from.split('/')[1] ?? ''] : [])

/** What is left of a source when it runs: the names of types that it needs are gone. */
const runs = (text: string): string => text.replaceAll(/^import type .*$/gm, '')

function importsOf(name: string, read = (text: string) => text): Set<string> {
  const text = read(sourcesIn(`packages/${name}/src`))
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
