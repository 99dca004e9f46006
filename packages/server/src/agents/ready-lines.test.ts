import { describe, expect, it } from 'vitest'
import { type Opened, readyLines } from './ready-lines.ts'

const orders: Opened = {
  gateway: 'http',
  name: 'orders',
  address: 'http://127.0.0.1:4601/orders',
  leadsTo: 'https://orders.example',
}
const openai: Opened = {
  gateway: 'http',
  name: 'openai',
  address: 'http://127.0.0.1:4601/openai',
  leadsTo: 'https://api.openai.com',
}
const claude: Opened = {
  gateway: 'http',
  name: 'claude',
  address: 'http://127.0.0.1:4601/claude',
  leadsTo: 'https://api.anthropic.com',
}
const files: Opened = { gateway: 'mcp', name: 'files', address: 'https://gate.example/mcp/files' }
const crm: Opened = { gateway: 'mcp', name: 'crm', address: 'https://gate.example/mcp/crm' }
const key = 'csk_secret'

const of = (client: string, ...addresses: Opened[]) =>
  readyLines(key, addresses).find((line) => line.client === client)?.text

describe('G6: a key is shown with lines that use it', () => {
  it('for every client, with both kinds of gateway', () => {
    expect(readyLines(key, [orders, files]).map(({ client }) => client)).toEqual([
      'The key',
      'curl',
      'Claude Code',
      'Codex',
      'Cursor',
      'VS Code',
      'OpenAI SDK',
      'Anthropic SDK',
    ])
  })

  it('names every place, at the address an agent reaches', () => {
    const [, ...lines] = readyLines(key, [orders, files, crm])
    for (const { client, text } of lines) {
      const addresses = client === 'curl' ? [orders] : [files, crm]
      for (const { address } of addresses) expect(text).toContain(address)
    }
  })

  it('the key itself stands in one line, the others take it from the environment or ask for it', () => {
    const [first, ...others] = readyLines(key, [orders, openai, claude, files])
    expect(first?.text).toBe('export COUNTERSIGN_KEY=csk_secret')
    for (const { text } of others) expect(text).not.toContain(key)
  })

  it('what clients read as JSON is JSON', () => {
    expect(JSON.parse(of('Cursor', files) ?? '')).toEqual({
      mcpServers: {
        files: { url: files.address, headers: { Authorization: 'Bearer ${env:COUNTERSIGN_KEY}' } },
      },
    })
    expect(JSON.parse(of('VS Code', files) ?? '')).toMatchObject({
      inputs: [{ id: 'countersign-key', password: true }],
      servers: { files: { type: 'http', url: files.address } },
    })
  })

  it('an SDK talks to its own model where a gateway stands before that', () => {
    expect(of('OpenAI SDK', openai, files)).toContain('base_url="http://127.0.0.1:4601/openai/v1"')
    expect(of('Anthropic SDK', claude, files)).toContain('base_url="http://127.0.0.1:4601/claude"')
    expect(of('OpenAI SDK', orders, files)).toContain('MCPServerStreamableHttp')
  })

  it('says nothing of what is not there', () => {
    expect(readyLines(key, []).map(({ client }) => client)).toEqual(['The key'])
    expect(of('curl', files)).toBeUndefined()
    expect(of('Claude Code', orders)).toBeUndefined()
  })
})
