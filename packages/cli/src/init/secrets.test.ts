import { execFileSync } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { envLine } from '../env-file.ts'
import { cwd, env, command, home, inShops, write, read, servers } from './fixture.ts'

inShops()

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
    await write('.mcp.json', { mcpServers: { one: server } })
    const { said } = await command(['init', '--yes'], { env: { ...env(), A: 'a' } })
    expect(await read('countersign.yaml')).not.toContain(secret)
    expect(said).not.toContain(secret)
    expect(await read('countersign.env')).toContain(secret)
    expect((await stat(join(cwd, 'countersign.env'))).mode & 0o777).toBe(0o600)
  })

  it('and check is content with all of them', async () => {
    const mcpServers = Object.fromEntries(hiding.map(([, server], at) => [`server ${at}`, server]))
    await write('.mcp.json', { mcpServers })
    await command(['init', '--yes'])
    expect(Object.keys(await servers())).toHaveLength(hiding.length)
    const checked = await command(['check'], { env: { ...env(), A: 'a' } })
    expect([checked.code, checked.muttered]).toEqual([0, ''])
  })

  it('a reference stays one, as its client means it', async () => {
    await write('.mcp.json', {
      mcpServers: {
        one: {
          command: 'x',
          args: ['${CLAUDE_PROJECT_DIR}/data', '${userHome}'],
          env: { A: '${FROM_ENV}', B: '${env:lower_case}', C: '${LEVEL:-debug}', D: '${input:some-token}' },
        },
      },
    })
    const { said } = await command(['init', '--yes'])
    expect((await servers())['one']).toMatchObject({
      command: ['x', `${cwd}/data`, home],
      env: { A: '${FROM_ENV}', B: '${LOWER_CASE}', C: '${LEVEL}', D: '${ONE_D}' },
    })
    expect(parseEnv(await read('countersign.env'))).toEqual({ LEVEL: 'debug' })
    expect(said).toMatch(/Set before you start.*FROM_ENV, LOWER_CASE, ONE_D/)
  })

  it('Codex’s variables are references too', async () => {
    await write(
      '.codex/config.toml',
      '[mcp_servers.one]\nurl = "https://x.example/mcp"\nbearer_token_env_var = "ONE_TOKEN"\nenv_http_headers = { "X-Team" = "TEAM" }\n',
    )
    await command(['init', '--yes'])
    expect((await servers())['one']).toMatchObject({
      headers: { authorization: 'Bearer ${ONE_TOKEN}', 'x-team': '${TEAM}' },
    })
  })

  it('git does not see them', async () => {
    execFileSync('git', ['init', '-q'], { cwd })
    await write('.gitignore', 'node_modules')
    await write('.mcp.json', { mcpServers: { one: { command: 'x', env: { TOKEN: secret } } } })
    await command(['init', '--yes'])
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
