import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { config, cwd, env, command, home, inShops, write, read, servers } from './fixture.ts'

inShops()

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
    await write('.mcp.json', { mcpServers: { files } })
    expect((await command(['init', '--yes', '--api', 'orders=http://localhost:8080'])).code).toBe(0)
    expect((await readdir(join(cwd, 'policies'))).toSorted()).toEqual(['cases.yaml', 'registry.yaml', 'starter.cedar'])
    const checked = await command(['check'])
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
    await command(['init', '--yes'])
    const { said } = await command(['policy', 'test', 'policies'])
    expect(said).toContain('every policy decides at least one')
    expect(await read('policies/starter.cedar')).not.toMatch(/acme/i)
  })

  it('stands with nothing behind it, too', async () => {
    await command(['init', '--yes'])
    expect((await command(['check'])).code).toBe(0)
  })

  it('asks five questions, each with a default', async () => {
    await write('.mcp.json', { mcpServers: { files } })
    const { asked, person } = answering(
      'my-shop',
      'shopkeepers',
      'staging',
      '',
      'https://api.shop.example',
      'SHOP_TOKEN',
    )
    const { code, said } = await command(['init'], { person, env: { ...env(), SHOP_TOKEN: 'x' } })
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
    expect((await command(['check'], { env: { ...env(), SHOP_TOKEN: 'x' } })).code).toBe(0)
  })

  it('names the variables that have to be set', async () => {
    const { said } = await command([
      'init',
      '--yes',
      '--api',
      'shop=https://a.example',
      '--credential',
      'shop=SHOP_TOKEN',
    ])
    expect(said).toMatch(/Set before you start.*SHOP_TOKEN/)
    expect((await command(['check'])).muttered).toContain('SHOP_TOKEN')
    await write('countersign.env', 'SHOP_TOKEN=secret\n')
    expect((await command(['check'])).code).toBe(0)
  })

  describe('never overwrites without asking', () => {
    beforeEach(() => write('policies/starter.cedar', '// mine'))

    it.each<[string, string[], (() => object) | undefined, number, boolean]>([
      ['nobody is asked', ['--yes'], undefined, 2, true],
      ['the answer is Enter', [], () => answering(), 1, true],
      ['the answer is no', [], () => answering('', '', '', '', '', 'no'), 1, true],
      ['the answer is yes', [], () => answering('', '', '', '', '', 'yes'), 0, false],
      ['--force says so', ['--yes', '--force'], undefined, 0, false],
    ])('%s', async (_, flags, person, code, kept) => {
      const ended = await command(['init', ...flags], person?.())
      expect(ended.code).toBe(code)
      expect((await read('policies/starter.cedar')) === '// mine').toBe(kept)
      expect((await readdir(cwd)).includes('countersign.yaml')).toBe(!kept)
    })

    it('what is there already as it would be written is no obstacle', async () => {
      await command(['init', '--yes', '--force'])
      expect((await command(['init', '--yes'])).code).toBe(0)
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
    [['--approvers', 'a"b'], /letters, digits/],
    [['--name', 'a b'], /letters, digits/],
  ])('%j is a usage error, and nothing is written', async (flags, says) => {
    const { code, muttered } = await command(['init', '--yes', ...flags])
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
    await write(name, text)
    await command(['init', '--yes'])
    expect((await servers())['one']).toMatchObject({ command: ['run-me', '--here'] })
  })

  it.each<[string, string, () => string | object]>([
    ['Claude Code', '.claude.json', () => ({ mcpServers: { one: stdio }, projects: {} })],
    ['Claude Code, for this folder', '.claude.json', () => ({ projects: { [cwd]: { mcpServers: { one: stdio } } } })],
    ['Cursor', '.cursor/mcp.json', () => ({ mcpServers: { one: stdio } })],
    ['Codex', '.codex/config.toml', () => toml],
  ])('%s, in the home folder: taken when it is named, and not by a default', async (_, name, text) => {
    await write(name, text(), home)
    await command(['init', '--yes'])
    expect(await servers()).toEqual({})
    await command(['init', '--yes', '--force', '--servers', 'one'])
    expect((await servers())['one']).toMatchObject({ command: ['run-me', '--here'] })
  })

  it('a file that is named with --from', async () => {
    await write('elsewhere/my.json', { mcpServers: { one: { command: './server', args: [] } } })
    await command(['init', '--yes', '--from', 'elsewhere/my.json'])
    expect((await servers())['one']).toMatchObject({
      command: [join(cwd, 'elsewhere/server')],
      cwd: join(cwd, 'elsewhere'),
    })
  })

  it('says what it leaves out, and why', async () => {
    await write('.mcp.json', {
      mcpServers: {
        old: { type: 'sse', url: 'https://x.example/sse' },
        off: { ...stdio, disabled: true },
        empty: {},
        odd: { command: 7, args: 'x' },
        ours: { url: 'http://localhost:4600/mcp/files' },
        good: stdio,
      },
    })
    await write('.cursor/mcp.json', '{ "mcpServers": ')
    const { said } = await command(['init', '--yes'])
    for (const word of ['old', 'off', 'empty', 'odd', 'ours', '.cursor/mcp.json'])
      expect(said).toContain(`Left out: ${word === '.cursor/mcp.json' ? 'Cursor, ' : ''}${word}`)
    expect(Object.keys(await servers())).toEqual(['good'])
  })

  it('the same server of two clients is one, and other names that are alike are told apart', async () => {
    await write('.mcp.json', { mcpServers: { 'My Files': stdio, my_files: { command: 'other' } } })
    await write('.cursor/mcp.json', { mcpServers: { again: stdio } })
    await command(['init', '--yes'])
    expect(Object.keys(await servers())).toEqual(['my-files', 'my-files-2'])
  })
})
