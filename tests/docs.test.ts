/** What the pages say is so: references, links, policies, configurations, commands and what they print. */
import { existsSync, readFileSync } from 'node:fs'
import { checkPolicies, createPolicyEngine, policyDirectory, testPolicies } from '@countersign/policy'
import { parseConfig, registryOf, sections } from '@countersign/server'
import { createProgram, type Terminal, product } from '@countersign/cli'
import { describe, expect, it } from 'vitest'
import { runWith } from '../packages/cli/src/fake-terminal.ts'
import { constantsIn } from '../scripts/print/constants.ts'
import { leftOutInVain, listedConstants, written } from '../scripts/print/limits.ts'
import { printReferences } from '../scripts/print/references.ts'
import { brokenness, fences, inlineCode, links, pages } from './pages.ts'

const agentGroups = ['ml-agents', 'finance-agents', 'platform-agents']
const root = process.cwd()
const inLanguage = (...languages: readonly string[]) => fences.filter(({ language }) => languages.includes(language))

describe('the references', () => {
  it('are in step with the code: npm run docs prints them', async () => {
    const stale = (await printReferences()).filter(({ path, text }) => readFileSync(path, 'utf8') !== text)
    expect(stale.map(({ path }) => path)).toEqual([])
  })
})

describe('the page of limits', () => {
  it('gives every number its reason: a docstring stands right above it', () => {
    const listed = listedConstants()
    expect(listed.length).toBeGreaterThan(200)
    expect(listed.filter(({ reason }) => reason === '').map(({ file, name }) => `${file}: ${name}`)).toEqual([])
  })

  it('leaves out nothing that is not there any more', () => {
    expect(leftOutInVain()).toEqual([])
  })

  it('finds what is worked out, what is one of several, and what has no reason; no text and no function', () => {
    const text = `/** A day
 * is enough. */
export const keptMs = 24 * 3_600_000 // not less

const bytes = 8 << 10
const two = { long: 2 * keptMs, short: 5 } as const
const name = '7'
const half = (count: number) => count / 2
function inner() {
  const most = 3
}
`
    expect(constantsIn('a.ts', text).map(({ name, value, reason }) => [name, value, reason])).toEqual([
      ['keptMs', 86_400_000, 'A day is enough.'],
      ['bytes', 8192, ''],
      ['two.long', 172_800_000, ''],
      ['two.short', 5, ''],
    ])
  })

  it.each([
    ['keptMs', 1_500, '1.5 s'],
    ['keptMs', 90 * 86_400_000, '90 days'],
    ['keptMs', 86_400_000, '24 h'],
    ['timeoutSeconds', 55, '55 s'],
    ['mostBytes', 1 << 20, '1 MiB'],
    ['mostBytes', 750_000, '750,000 bytes'],
    ['most', 10_000, '10,000'],
  ])('writes %s = %d for people: %s', (name, value, text) => {
    expect(written({ name, value })).toBe(text)
  })
})

describe('links', () => {
  it('lead somewhere, down to the heading', () => {
    expect(links.length).toBeGreaterThan(40)
    expect(links.flatMap((link) => brokenness(link) ?? [])).toEqual([])
  })

  it('a link to nothing is told', () => {
    expect(brokenness({ page: 'README.md', to: 'docs/nowhere.md' })).toContain('there is no docs/nowhere.md')
    expect(brokenness({ page: 'README.md', to: 'README.md#nothing' })).toContain('has no heading #nothing')
  })
})

it('the map names only what is there', () => {
  const named = inlineCode({ path: '', text: readFileSync('ARCHITECTURE.md', 'utf8') })
  const paths = named.filter((code) => /^(packages|docs|tests|scripts|examples|policies)\/[\w./-]+$/.test(code))
  const modules = named.flatMap((code) => /^@countersign\/(\w+)(\/\w+)?$/.exec(code) ?? []).filter((code) => code)
  expect(paths.filter((path) => !existsSync(path))).toEqual([])
  for (const module of modules.filter((code) => code.startsWith('@'))) {
    const [, name = '', inside] = module.split('/')
    const { exports } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
    expect(Object.keys(exports), module).toContain(inside === undefined ? '.' : `./${inside}`)
  }
})

it('the page of questions answers at least twenty, each by a file that is there and by no file twice', () => {
  const page = readFileSync('docs/where-is.md', 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('|') && line.includes('?'))
  const answers = rows.flatMap((row) => /\]\(\.\.\/(packages\/[\w/-]+\.tsx?)\)/.exec(row)?.[1] ?? [])
  const short = inlineCode({ path: '', text: page }).filter((code) => /^[\w-]+(\/[\w-]+)*\/[\w-]+\.tsx?$/.test(code))
  const paths = [...answers, ...short.map((code) => `packages/${code.replace('/', '/src/')}`)]
  expect(rows.length).toBeGreaterThanOrEqual(20)
  expect(answers).toHaveLength(rows.length)
  expect(new Set(answers).size).toBe(rows.length)
  expect(paths.filter((path) => !existsSync(path))).toEqual([])
})

describe('policies on the pages', () => {
  const registry = registryOf({ registry: 'policies/registry.yaml' } as Parameters<typeof registryOf>[0], root)

  it.each(inLanguage('cedar').map((fence) => [`${fence.page}:${fence.line}`, fence.text]))(
    '%s passes every check',
    async (name, text) => {
      const report = await checkPolicies({ files: [{ name: `${name}.cedar`, text }], registry, agentGroups })
      expect(report.problems).toEqual([])
    },
  )

  it.each(inLanguage('yaml').filter(({ text }) => text.includes('cases:')))('cases hold: $page', async ({ text }) => {
    const files = policyDirectory('policies').files
    const { engine, close } = await createPolicyEngine({ files, registry, agentGroups })
    const { results } = testPolicies(engine.active(), text)
    close()
    expect(results.map(({ name, passed }) => [name, passed])).toEqual(results.map(({ name }) => [name, true]))
  })
})

describe('configuration on the pages', () => {
  const given: Readonly<Record<string, string>> = {
    WEBHOOK_SECRET: `whsec_${'A'.repeat(32)}`,
    DATABASE_URL: 'postgres://db.internal.acme.example/countersign',
  }
  const surroundings = {
    env: new Proxy({}, { get: (_, name) => given[String(name)] ?? 'a-secret' }),
    readFile: () => 'a-secret',
  }
  const read = (text: string) => () => parseConfig(text, surroundings, sections)

  it.each(inLanguage('yaml').filter(({ text }) => !text.includes('cases:')))('is valid: $page:$line', ({ text }) => {
    expect(read(text)).not.toThrow()
  })

  it('the example has every section there is', () => {
    const text = readFileSync('examples/countersign.example.yaml', 'utf8')
    const config = read(text)()
    const written = [...text.matchAll(/^(\w+):/gm)].map(([, key]) => key)
    expect(Object.keys(config).filter((key) => !written.includes(key))).toEqual([])
    expect(Object.keys(config.gateways)).toEqual(Object.keys(sections.gateways))
    expect(Object.keys(config.channels)).toEqual(Object.keys(sections.channels))
  })

  it('countersign check likes it, and the policies that it names', async () => {
    const words = ['check', '--config', 'examples/countersign.example.yaml']
    expect(await runWith(words, { cwd: root, env: surroundings.env })).toMatchObject({ code: 0, muttered: '' })
  })
})

describe('commands on the pages', () => {
  const program = createProgram({ product } as unknown as Terminal)
  const written = [
    ...inLanguage('sh', 'console').flatMap(({ page, text }) =>
      [...text.matchAll(/^(?:\$ |.*\| )?(?:[A-Z_]+=\S+ )*(?:npx )?countersign (.+)$/gm)].map(([, words = '']) => ({
        page,
        words,
      })),
    ),
    ...pages.flatMap((page) =>
      inlineCode(page)
        .flatMap((code) => /^(?:[A-Z_]+=\S+ )?(?:npx )?countersign ([a-z].*)$/.exec(code)?.[1] ?? [])
        .map((words) => ({ page: page.path, words })),
    ),
  ]

  it('exist, with the options they are given', () => {
    expect(written.length).toBeGreaterThan(20)
    expect(written.flatMap(({ page, words }) => unknownIn(program, words).map((what) => `${page}: ${what}`))).toEqual(
      [],
    )
  })

  it('one that does not exist is told', () => {
    expect(unknownIn(program, 'policy praise policies')).toEqual(['policy has no praise'])
    expect(unknownIn(program, 'ledger verify x --gently')).toEqual(['verify has no --gently'])
  })

  it('npx countersign is ours from the first install on, before anything is built', () => {
    const { bin } = JSON.parse(readFileSync('packages/cli/package.json', 'utf8'))
    expect(bin.countersign).not.toContain('dist')
    expect(existsSync(`packages/cli/${bin.countersign}`)).toBe(true)
  })

  it('npm scripts exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
    const text = pages.map((page) => page.text).join('\n')
    const named = [...text.matchAll(/\bnpm (?:run ([\w:]+)|(start|test)\b)/g)].map(([, run, own]) => run ?? own)
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining([...new Set(named)]))
  })
})

describe('what a command is said to print', () => {
  const told = inLanguage('console').flatMap(({ page, text }) =>
    text
      .split(/^\$ /m)
      .filter((part) => part.startsWith('countersign policy'))
      .map((part) => ({ page, words: part.split('\n')[0] ?? '', printed: part.split('\n').slice(1).filter(Boolean) })),
  )

  it.each(told)('it prints: $words', async ({ words, printed }) => {
    const { code, said } = await runWith(words.split(' ').slice(1), { cwd: root })
    expect(code).toBe(0)
    const lines = said.replaceAll(/[0-9a-f]{64}/g, 'hash').split('\n')
    const expected = printed.map((line) => line.replaceAll(/[0-9a-f]{64}/g, 'hash')).filter((line) => line !== '…')
    expect(lines).toEqual(expect.arrayContaining(expected))
    if (!printed.includes('…')) expect(lines.filter(Boolean)).toEqual(expected)
  })
})

/** What of these words the program does not know. */
function unknownIn(program: ReturnType<typeof createProgram>, text: string): string[] {
  let command = program
  const unknown: string[] = []
  for (const word of text.split(/\s+/)) {
    const inside = command.commands.find((one) => one.name() === word)
    if (inside) command = inside
    else if (/^--[a-z]/.test(word)) {
      if (!command.options.some(({ long }) => long === word)) unknown.push(`${command.name()} has no ${word}`)
    } else if (command.commands.length > 0) return [`${command.name()} has no ${word}`]
  }
  return unknown
}
