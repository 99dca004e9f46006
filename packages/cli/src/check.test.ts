import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { companyRegistry } from '@countersign/demo'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runWith } from './fake-terminal.ts'
import { product } from './terminal.ts'

describe('checking before starting', () => {
  let cwd: string
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'countersign-check-'))
    await mkdir(join(cwd, 'policies'))
    await write('policies/registry.yaml', 'datasets: {}\n')
    await write('policies/all.cedar', '@id("all") @owner("o") @doc("d")\npermit (principal, action, resource);\n')
  })
  afterEach(() => rm(cwd, { recursive: true, force: true }))

  const write = (name: string, text: string) => writeFile(join(cwd, name), text)
  const command = (...words: string[]) => runWith(words, { cwd, env: { KEY: 'k' } })

  it('an instance without configuration passes', async () => {
    const { code, said, muttered } = await command('check', '--json')
    expect([code, muttered, JSON.parse(said).ok]).toEqual([0, '', true])
  })

  it('a configuration that holds passes', async () => {
    await write('countersign.yaml', 'identity: { issuer: https://id.example, clientId: c, clientSecret: "${KEY}" }\n')
    expect(await command('check')).toMatchObject({ code: 0, said: expect.stringContaining('1 policies pass') })
  })

  it('gateways that only observe are named', async () => {
    await write('countersign.yaml', 'gateways:\n  mcp: { servers: { files: { command: [x], observe: true } } }\n')
    expect((await command('check')).said).toContain('mcp/files only observes: what should wait for people runs there.')
    expect(JSON.parse((await command('check', '--json')).said)).toMatchObject({ ok: true, observing: ['mcp/files'] })
  })

  it.each([
    ['listen:\n  prot: 1\n', 'countersign.yaml:2:3: listen.prot: There is no such key.'],
    ['gateways:\n  http: { upstream: {} }\n', 'countersign.yaml:2:11: gateways.http.upstream: There is no such key.'],
    ['name: ${NOT_SET}\n', 'countersign.yaml:1:1: name: The environment variable NOT_SET is not set.'],
    ['name: [\n', 'countersign.yaml:2:1: '],
  ])('what is wrong in %j has a line and a column', async (text, expected) => {
    await write('countersign.yaml', text)
    const plain = await command('check')
    expect([plain.code, plain.said]).toEqual([1, ''])
    expect(plain.muttered).toContain(expected)
    const json = await command('check', '--json')
    expect([json.code, json.muttered]).toEqual([1, ''])
    const { problems } = JSON.parse(json.said) as {
      problems: Record<'file' | 'line' | 'column' | 'path' | 'says', string>[]
    }
    const lines = problems.map(({ file, line, column, path, says }) =>
      [`${file}:${line}:${column}`, ...(path === '' ? [] : [path]), says].join(': '),
    )
    expect(lines.join('\n')).toContain(expected)
  })

  it('so has what is wrong with a policy', async () => {
    await write(
      'policies/bad.cedar',
      '@id("bad") @owner("o") @doc("d")\npermit (principal, action, resource) when { contxt.risk };\n',
    )
    const { code, muttered } = await command('check', '--config', 'countersign.yaml').then(async (gone) => {
      expect(gone.code).toBe(2)
      await write('countersign.yaml', 'name: a\n')
      return command('check')
    })
    expect(code).toBe(1)
    expect(muttered).toMatch(/policies\/bad\.cedar:2:\d+: /)
  })

  it('so has what is wrong with the registry', async () => {
    await write('countersign.yaml', 'name: a\n')
    await write('policies/registry.yaml', 'datasets:\n  a: { domain: d, classes: 1 }\n')
    const { code, muttered } = await command('check')
    expect(code).toBe(1)
    expect(muttered).toMatch(/^.*policies\/registry\.yaml:2:19: datasets\.a\.classes: .*\n$/)
  })

  it('policies are checked on their own', async () => {
    expect(await command('policy', 'check', 'policies')).toMatchObject({
      code: 0,
      said: expect.stringContaining('Version '),
    })
    await write('policies/bad.cedar', 'permit (principal, action, resource);\n')
    const bad = await command('policy', 'check', 'policies', '--json')
    expect([bad.code, JSON.parse(bad.said).ok]).toEqual([1, false])
    expect((await command('policy', 'check', 'policies')).muttered).toMatch(/policies\/bad\.cedar:1:\d+: /)
  })

  it('the sample policies pass their cases, and a case that does not hold fails', async () => {
    const sample = await command('policy', 'test')
    await write('company.json', JSON.stringify(companyRegistry))
    const demo = await command('policy', 'test', product.policies, '--registry', 'company.json')
    expect([demo.code, demo.muttered]).toEqual([0, ''])
    expect(sample).toMatchObject({ code: 0, said: expect.stringMatching(/cases pass, and every policy/) })
    await write(
      'policies/cases.yaml',
      [
        'agents:',
        '  bot: { groups: [ml-agents], owner: ana, team: t }',
        'cases:',
        '  - name: It is refused',
        '    given: { agent: bot, verb: model.train, resource: model m, reads: [a], model: m }',
        '    expect: { deny: no_grant }',
      ].join('\n'),
    )
    const failed = await command('policy', 'test', 'policies')
    expect(failed.code).toBe(1)
    expect(failed.said).toContain('✗ It is refused: expected')
    expect(failed.muttered).toContain('1 cases fail')
  })

  it('why an action meets what it meets is explained', async () => {
    await write(
      'action.yaml',
      [
        'agent: { id: bot, groups: [finance-agents], team: finance-systems }',
        'verb: data.export',
        'resource: { kind: dataset, name: finance.orders }',
        'environment: prod',
        'reads: [finance.orders]',
        'destination: warehouse.acme.example',
        'rows: 48211',
      ].join('\n'),
    )
    const plain = await command('policy', 'explain', 'action.yaml', product.policies)
    expect(plain.code).toBe(0)
    expect(plain.said).toMatch(/^ask: /)
    expect(plain.said).toContain('risk ')
    const json = JSON.parse((await command('policy', 'explain', 'action.yaml', product.policies, '--json')).said)
    expect(json).toMatchObject({ decision: { kind: 'ask' }, risk: { score: expect.any(Number) } })
    await write('action.yaml', 'verb: data.export\n')
    expect((await command('policy', 'explain', 'action.yaml')).code).toBe(2)
  })
})
