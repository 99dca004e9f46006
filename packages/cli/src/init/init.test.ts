import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { envLine } from '../env-file.ts'
import { runWith } from '../fake-hand.ts'

let cwd: string
let home: string
beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'countersign-init-'))
  cwd = join(root, 'shop')
  home = join(root, 'home')
  await mkdir(cwd)
  await mkdir(home)
})
afterEach(() => rm(dirname(cwd), { recursive: true, force: true }))

const env = () => ({ HOME: home })
const hand = (words: string[], more: object = {}) => runWith(words, { cwd, env: env(), ...more })
const place = async (name: string, text: string | object, root = cwd) => {
  await mkdir(dirname(join(root, name)), { recursive: true })
  await writeFile(join(root, name), typeof text === 'string' ? text : JSON.stringify(text))
}
const read = (name: string) => readFile(join(cwd, name), 'utf8')
interface Written {
  name: string
  gateways: { http?: { upstreams: Record<string, object> }; mcp?: { servers: Record<string, Record<string, unknown>> } }
}
const config = async () => parse(await read('countersign.yaml')) as Written
const servers = async () => (await config()).gateways.mcp?.servers ?? {}

/** Someone who answers in turn, and then only presses Enter. */
const answering = (...answers: string[]) => {
  const asked: string[] = []
  const person = () => ({
    ask: async (question: string) => {
      asked.push(question)
      return answers.shift() ?? ''
    },
    close: () => undefined,
  })
  return { asked, person }
}

const files = { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/srv'] }

describe('G25: countersign init', () => {
  it('what it writes stands at once: check and policy test like it', async () => {
    await place('.mcp.json', { mcpServers: { files } })
    expect((await hand(['init', '--yes', '--api', 'orders=http://localhost:8080'])).code).toBe(0)
    expect((await readdir(join(cwd, 'policies'))).toSorted()).toEqual(['cases.yaml', 'registry.yaml', 'starter.cedar'])
    const checked = await hand(['check'])
    expect([checked.code, checked.muttered]).toEqual([0, ''])
    expect(await config()).toMatchObject({
      name: 'shop',
      gateways: {
        http: { upstreams: { orders: { origin: 'http://localhost:8080', private: true, environment: 'prod' } } },
        mcp: { servers: { files: { command: ['npx', ...files.args], preset: 'filesystem' } } },
      },
    })
  })

  it('its policies pass their cases, and name nobody', async () => {
    await hand(['init', '--yes'])
    const { said } = await hand(['policy', 'test', 'policies'])
    expect(said).toContain('every policy decides at least one')
    expect(await read('policies/starter.cedar')).not.toMatch(/acme/i)
  })

  it('stands with nothing behind it, too', async () => {
    await hand(['init', '--yes'])
    expect((await hand(['check'])).code).toBe(0)
  })

  it('asks five questions, each with a default', async () => {
    await place('.mcp.json', { mcpServers: { files } })
    const { asked, person } = answering(
      'my-shop',
      'shopkeepers',
      'staging',
      '',
      'https://api.shop.example',
      'SHOP_TOKEN',
    )
    const { code, said } = await hand(['init'], { person, env: { ...env(), SHOP_TOKEN: 'x' } })
    expect([code, asked.filter((question) => /^\d\/5/.test(question)).length]).toEqual([0, 5])
    expect(said).toContain('one person of shopkeepers')
    expect(await config()).toMatchObject({
      name: 'my-shop',
      gateways: {
        http: {
          upstreams: {
            shop: { environment: 'staging', credential: { header: 'authorization', value: 'Bearer ${SHOP_TOKEN}' } },
          },
        },
        mcp: { servers: { files: { environment: 'staging' } } },
      },
    })
    expect((await hand(['check'], { env: { ...env(), SHOP_TOKEN: 'x' } })).code).toBe(0)
  })

  it('names the variables that have to be set', async () => {
    const { said } = await hand(['init', '--yes', '--api', 'shop=https://a.example', '--credential', 'shop=SHOP_TOKEN'])
    expect(said).toMatch(/Set before you start.*SHOP_TOKEN/)
    expect((await hand(['check'])).muttered).toContain('SHOP_TOKEN')
    await place('countersign.env', 'SHOP_TOKEN=secret\n')
    expect((await hand(['check'])).code).toBe(0)
  })

  describe('never overwrites without asking', () => {
    beforeEach(() => place('policies/starter.cedar', '// mine'))

    it.each<[string, string[], (() => object) | undefined, number, boolean]>([
      ['nobody is asked', ['--yes'], undefined, 2, true],
      ['the answer is Enter', [], () => answering(), 1, true],
      ['the answer is no', [], () => answering('', '', '', '', '', 'no'), 1, true],
      ['the answer is yes', [], () => answering('', '', '', '', '', 'yes'), 0, false],
      ['--force says so', ['--yes', '--force'], undefined, 0, false],
    ])('%s', async (_, flags, person, code, kept) => {
      const ended = await hand(['init', ...flags], person?.())
      expect(ended.code).toBe(code)
      expect((await read('policies/starter.cedar')) === '// mine').toBe(kept)
      expect((await readdir(cwd)).includes('countersign.yaml')).toBe(!kept)
    })

    it('what is there already as it would be written is no obstacle', async () => {
      await hand(['init', '--yes', '--force'])
      expect((await hand(['init', '--yes'])).code).toBe(0)
    })
  })

  it.each<[string[], RegExp]>([
    [['--api', 'orders'], /orders=https/],
    [['--api', 'orders=ftp://x'], /http or https/],
    [['--api', 'orders=https://u:p@x.example'], /no credential/],
    [['--api', 'orders=https://x.example/v1'], /has no path/],
    [['--api', 'Orders=https://x.example'], /small letters/],
    [['--credential', 'orders=X'], /no --api orders/],
    [['--api', 'orders=https://x.example', '--credential', 'orders=not a name'], /capital letters/],
    [['--servers', 'nope'], /knows an MCP server nope/],
    [['--signers', 'a"b'], /letters, digits/],
    [['--name', 'a b'], /letters, digits/],
  ])('%j is a usage error, and nothing is written', async (flags, says) => {
    const { code, muttered } = await hand(['init', '--yes', ...flags])
    expect([code, muttered]).toEqual([2, expect.stringMatching(says)])
    expect(await readdir(cwd)).toEqual([])
  })
})

describe('G25: init recognises what MCP clients are configured with', () => {
  const stdio = { command: 'run-me', args: ['--here'] }
  const toml = '[mcp_servers.one]\ncommand = "run-me"\nargs = ["--here"]\n'

  it.each<[string, string, string | object]>([
    ['Claude Code', '.mcp.json', { mcpServers: { one: stdio } }],
    ['Cursor', '.cursor/mcp.json', { mcpServers: { one: stdio } }],
    ['VS Code, with comments', '.vscode/mcp.json', `{ // ours\n "servers": { "one": ${JSON.stringify(stdio)}, }, }`],
    ['Codex', '.codex/config.toml', `model = "x"\n${toml}`],
  ])('%s, in the project', async (_, name, text) => {
    await place(name, text)
    await hand(['init', '--yes'])
    expect((await servers())['one']).toMatchObject({ command: ['run-me', '--here'] })
  })

  it.each<[string, string, () => string | object]>([
    ['Claude Code', '.claude.json', () => ({ mcpServers: { one: stdio }, projects: {} })],
    ['Claude Code, for this folder', '.claude.json', () => ({ projects: { [cwd]: { mcpServers: { one: stdio } } } })],
    ['Cursor', '.cursor/mcp.json', () => ({ mcpServers: { one: stdio } })],
    ['Codex', '.codex/config.toml', () => toml],
  ])('%s, in the home folder: taken when it is named, and not by a default', async (_, name, text) => {
    await place(name, text(), home)
    await hand(['init', '--yes'])
    expect(await servers()).toEqual({})
    await hand(['init', '--yes', '--force', '--servers', 'one'])
    expect((await servers())['one']).toMatchObject({ command: ['run-me', '--here'] })
  })

  it('a file that is named with --from', async () => {
    await place('elsewhere/my.json', { mcpServers: { one: { command: './server', args: [] } } })
    await hand(['init', '--yes', '--from', 'elsewhere/my.json'])
    expect((await servers())['one']).toMatchObject({
      command: [join(cwd, 'elsewhere/server')],
      cwd: join(cwd, 'elsewhere'),
    })
  })

  it('says what it leaves out, and why', async () => {
    await place('.mcp.json', {
      mcpServers: {
        old: { type: 'sse', url: 'https://x.example/sse' },
        off: { ...stdio, disabled: true },
        empty: {},
        odd: { command: 7, args: 'x' },
        ours: { url: 'http://localhost:4600/mcp/files' },
        good: stdio,
      },
    })
    await place('.cursor/mcp.json', '{ "mcpServers": ')
    const { said } = await hand(['init', '--yes'])
    for (const word of ['old', 'off', 'empty', 'odd', 'ours', '.cursor/mcp.json'])
      expect(said).toContain(`Left out: ${word === '.cursor/mcp.json' ? 'Cursor, ' : ''}${word}`)
    expect(Object.keys(await servers())).toEqual(['good'])
  })

  it('the same server of two clients is one, and other names that are alike are told apart', async () => {
    await place('.mcp.json', { mcpServers: { 'My Files': stdio, my_files: { command: 'other' } } })
    await place('.cursor/mcp.json', { mcpServers: { again: stdio } })
    await hand(['init', '--yes'])
    expect(Object.keys(await servers())).toEqual(['my-files', 'my-files-2'])
  })
})

describe('secrets of those files never stand in countersign.yaml', () => {
  const secret = 's3cr3t-9f86d081884c7d65'

  const hiding: [string, object][] = [
    ['in env', { command: 'x', env: { TOKEN: secret } }],
    ['in env, under a harmless name', { command: 'x', env: { MODE: secret } }],
    ['in a header', { url: 'https://x.example/mcp', headers: { 'X-Key': secret } }],
    ['in a header, after Bearer', { url: 'https://x.example/mcp', headers: { Authorization: `Bearer ${secret}` } }],
    ['beside a reference', { url: 'https://x.example/mcp', headers: { 'X-Key': `\${A}-${secret}` } }],
    ['in an argument', { command: 'x', args: [`--api-key=${secret}`] }],
    ['in the argument after a flag', { command: 'x', args: ['--token', secret] }],
    [
      'in a header that is an argument',
      { command: 'npx', args: ['mcp-remote', 'https://x', '--header', `Authorization: ${secret}`] },
    ],
    ['in an address', { command: 'x', args: [`postgres://u:${secret}@db/x`] }],
    ['in a query', { url: `https://x.example/mcp?key=${secret}` }],
    [
      'by its look',
      { command: 'x', args: ['ghp_16C7e42F292c6912E7710c838347Ae178B4a'.replace('ghp_16C7', `ghp_${secret}`)] },
    ],
  ]

  it.each(hiding)('%s', async (_, server) => {
    await place('.mcp.json', { mcpServers: { one: server } })
    const { said } = await hand(['init', '--yes'], { env: { ...env(), A: 'a' } })
    expect(await read('countersign.yaml')).not.toContain(secret)
    expect(said).not.toContain(secret)
    expect(await read('countersign.env')).toContain(secret)
    expect((await stat(join(cwd, 'countersign.env'))).mode & 0o777).toBe(0o600)
  })

  it('and check is content with all of them', async () => {
    const mcpServers = Object.fromEntries(hiding.map(([, server], at) => [`server ${at}`, server]))
    await place('.mcp.json', { mcpServers })
    await hand(['init', '--yes'])
    expect(Object.keys(await servers())).toHaveLength(hiding.length)
    const checked = await hand(['check'], { env: { ...env(), A: 'a' } })
    expect([checked.code, checked.muttered]).toEqual([0, ''])
  })

  it('a reference stays one, as its client means it', async () => {
    await place('.mcp.json', {
      mcpServers: {
        one: {
          command: 'x',
          args: ['${CLAUDE_PROJECT_DIR}/data', '${userHome}'],
          env: { A: '${FROM_ENV}', B: '${env:lower_case}', C: '${LEVEL:-debug}', D: '${input:some-token}' },
        },
      },
    })
    const { said } = await hand(['init', '--yes'])
    expect((await servers())['one']).toMatchObject({
      command: ['x', `${cwd}/data`, home],
      env: { A: '${FROM_ENV}', B: '${LOWER_CASE}', C: '${LEVEL}', D: '${ONE_D}' },
    })
    expect(parseEnv(await read('countersign.env'))).toEqual({ LEVEL: 'debug' })
    expect(said).toMatch(/Set before you start.*FROM_ENV, LOWER_CASE, ONE_D/)
  })

  it('Codex’s variables are references too', async () => {
    await place(
      '.codex/config.toml',
      '[mcp_servers.one]\nurl = "https://x.example/mcp"\nbearer_token_env_var = "ONE_TOKEN"\nenv_http_headers = { "X-Team" = "TEAM" }\n',
    )
    await hand(['init', '--yes'])
    expect((await servers())['one']).toMatchObject({
      headers: { authorization: 'Bearer ${ONE_TOKEN}', 'x-team': '${TEAM}' },
    })
  })

  it('git does not see them', async () => {
    execFileSync('git', ['init', '-q'], { cwd })
    await place('.gitignore', 'node_modules')
    await place('.mcp.json', { mcpServers: { one: { command: 'x', env: { TOKEN: secret } } } })
    await hand(['init', '--yes'])
    expect(await read('.gitignore')).toBe('node_modules\n.countersign/\ncountersign.env\n')
  })

  it('a line of countersign.env is read back as it was written, or is not written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const line = envLine('NAME', value)
        return line === undefined || parseEnv(line)['NAME'] === value
      }),
    )
    for (const value of ['a', 'it\'s "x"', 'a#b', ' a ', 'a\nb', 'a\\nb', '$HOME', '']) {
      expect(envLine('NAME', value)).toBeDefined()
    }
  })
})
