/** Whether policies reach what is offered: what no sign-off can ever hold, and what can never be allowed. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runWith } from './fake-terminal.ts'

let cwd: string
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'countersign-reach-'))
  await mkdir(join(cwd, 'policies'))
  await write('policies/registry.yaml', 'groups: [admins]\nagentGroups: [bots]\ndatasets: {}\n')
})
afterEach(() => rm(cwd, { recursive: true, force: true }))

const write = (name: string, text: string) => writeFile(join(cwd, name), text)

async function warnings(config: string, policies: string): Promise<string[]> {
  await write('countersign.yaml', config)
  await write('policies/all.cedar', policies)
  const { said } = await runWith(['check', '--json'], { cwd, env: {}, stopped: () => new Promise(() => undefined) })
  const report = JSON.parse(said) as { problems: object[]; warnings: { path: string; line: number; says: string }[] }
  expect(report.problems).toEqual([])
  return report.warnings.map(({ line, path, says }) => `${line} ${path}: ${says}`)
}

const permit = (scope: string, more = '') => `@id("may") @owner("o") @doc("d") ${more} permit (principal, ${scope});\n`
const ask = (scope: string, more = '') =>
  `@id("ask") @owner("o") @doc("d") @approve("1 of admins") forbid (principal, ${scope}) ${more};\n`
const never = (scope: string) => `@id("never") @owner("o") @doc("d") forbid (principal, ${scope});\n`

const all = 'action, resource'
const calls = 'action in Action::"calls", resource'
const changes = 'action in Action::"changes", resource'
const exports = 'action == Action::"data.export", resource'

const routes = (text: string, methods = '[GET]') => `gateways:
  http:
    listen: 127.0.0.1:0
    upstreams:
      a:
        origin: https://a.example
        environment: prod
        methods: ${methods}
        routes:
          ${text}
`
const route = (pattern: string, verb: string, more = '') =>
  routes(`${pattern}: { verb: ${verb}, resources: [{ kind: dataset, name: d }]${more} }`)
const tools = (text: string) => `gateways:
  mcp: { servers: { s: { command: [/bin/sh], ${text} } } }
`

describe('A6: check says which routes and tools no sign-off can ever reach', () => {
  it.each<[string, string, string]>([
    ['a change, where only exports are signed', route('PUT /x', 'data.write'), permit(all) + ask(exports)],
    ['a deletion by its method', route('DELETE /x', 'http.call'), permit(all) + ask(exports)],
    ['a call that may change something', route('POST /x', 'http.call'), permit(calls) + ask(exports)],
    [
      'an effect that a message says',
      route('GET /x', 'data.read', ', effect: { cel: query.e }'),
      permit(all) + ask(exports),
    ],
    ['an effect that is said outright', route('GET /x', 'data.read', ', effect: delete'), permit(all) + ask(exports)],
    [
      'a sign-off for another environment',
      route('PUT /x', 'data.write'),
      permit(all) + ask(changes, 'when { context.env == "dev" }'),
    ],
    [
      'a sign-off for another gateway',
      route('PUT /x', 'data.write'),
      permit(all) + ask(changes, 'when { context.gateway == "mcp" }'),
    ],
    ['a sign-off for another resource', route('PUT /x', 'data.write'), permit(all) + ask('action, resource is Role')],
    ['a preset of verbs', route('POST /x', 'model.train'), permit(all) + ask(changes)],
  ])('%s', async (_, config, policies) => {
    const [first, ...more] = await warnings(config, policies)
    expect(first).toMatch(/^10 gateways\.http\.upstreams\.a\.routes\.\w+ \/x: No sign-off can ever reach \w+ \/x, /)
    expect(more).toEqual([])
  })

  it.each<[string, string, string]>([
    ['what only reads', route('GET /x', 'data.read'), permit(all) + ask(exports)],
    ['what is said to read', route('POST /x', 'http.call', ', effect: read'), permit(all) + ask(exports)],
    ['a sign-off of changes, which reaches calls', route('DELETE /x', 'http.call'), permit(calls) + ask(changes)],
    [
      'a sign-off that depends',
      route('PUT /x', 'data.write'),
      permit(all) + ask(changes, 'when { context.risk > 90 }'),
    ],
    ['policies that ask nobody about anything', route('PUT /x', 'data.write'), permit(all)],
    ['a verb that a message says', route('PUT /x', '{ cel: query.v }'), permit(all) + ask(exports)],
  ])('not of %s', async (_, config, policies) => {
    expect(await warnings(config, policies)).toEqual([])
  })

  it('what no route maps, by its methods', async () => {
    const config = routes('{}', '[GET, POST, DELETE]').replace('        routes:\n          {}\n', '')
    expect(await warnings(config, permit(calls) + ask(exports))).toEqual([
      expect.stringContaining(
        '5 gateways.http.upstreams.a: No sign-off can ever reach POST where no route is, DELETE where no route is, ',
      ),
    ])
    expect(await warnings(config, permit(calls) + ask(changes))).toEqual([])
    expect(await warnings(config, permit(calls) + ask('action, resource is Dataset'))).toEqual([])
  })

  it('tools, with a rule and without', async () => {
    const config = tools('tools: { t: { verb: data.write }, r: { effect: read } }')
    const found = await warnings(config, permit(all) + ask(exports))
    expect(found).toEqual([
      expect.stringMatching(/mcp\.servers\.s\.tools\.t: No sign-off can ever reach s\/t, /),
      expect.stringMatching(/mcp\.servers\.s: No sign-off can ever reach tools without a rule, /),
    ])
    expect(await warnings(config, permit(all) + ask(changes))).toEqual([])
  })

  it('many of one document in one line', async () => {
    const operations = Array.from({ length: 20 }, (_, at) => `"/p${at}":{"post":{}}`).join()
    await write('api.json', `{"openapi":"3.1.0","info":{"title":"a","version":"1"},"paths":{${operations}}}\n`)
    const config = routes('').replace(/ {8}routes:\n.*\n/, '        openapi: file:api.json\n')
    const found = await warnings(config, permit(all) + ask(exports))
    expect(found).toHaveLength(1)
    expect(found[0]).toContain('POST /p0, POST /p1')
    expect(found[0]).toContain('and 8 more, though')
  })
})

describe('A6: check says which of them can never be allowed', () => {
  it.each<[string, string, string, string]>([
    ['what nothing permits', route('PUT /x', 'data.write'), permit(calls) + ask(all), 'No policy permits PUT /x'],
    [
      'what is prohibited',
      route('PUT /x', 'data.write'),
      permit(all) + ask(all) + never(changes),
      'never prohibits PUT /x',
    ],
    [
      'what is prohibited as a change',
      route('POST /x', 'http.call'),
      permit(all) + ask(all) + never(changes),
      'never prohibits POST /x',
    ],
    [
      'a limit where nobody counts',
      route('GET /x', 'data.read'),
      permit(all, '@limit("100 rows")') + ask(all),
      'Every call of GET /x is refused: may asks for a limit',
    ],
  ])('%s', async (_, config, policies, says) => {
    expect(await warnings(config, policies)).toContainEqual(expect.stringContaining(says))
  })

  it.each<[string, string, string]>([
    [
      'what some may do',
      route('PUT /x', 'data.write'),
      permit(all).replace('principal', 'principal in AgentGroup::"bots"') + ask(all),
    ],
    [
      'a limit where rows are counted',
      route('GET /x', 'data.read', ', rowsFrom: csv'),
      permit(all, '@limit("100 rows")') + ask(all),
    ],
    ['a mask', route('GET /x', 'data.read'), permit(all, '@mask("crm.email")') + ask(all)],
    [
      'a limit that a request may keep',
      route('GET /x', 'data.read', ', rows: { cel: "int(query.limit)" }, rowsFrom: request'),
      permit(all, '@limit("100 rows")') + ask(all),
    ],
  ])('not %s', async (_, config, policies) => {
    expect((await warnings(config, policies)).filter((line) => line.includes('/x'))).toEqual([])
  })
})
