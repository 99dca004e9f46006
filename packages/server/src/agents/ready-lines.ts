/**
 * What to paste so that a client comes in with its new key: one entry a client, with the real addresses of the
 * gateways that are configured. The key stands in the first alone; the others take it from the environment.
 *
 * @module
 */
import type { ReadyLine } from '@countersign/schema'

/** One place that a gateway opens, with the origin behind it where there is one. */
export interface Opened {
  readonly gateway: string
  readonly name: string
  readonly address: string
  readonly leadsTo?: string | undefined
}

const variable = 'COUNTERSIGN_KEY'

export function readyLines(key: string, addresses: readonly Opened[]): ReadyLine[] {
  const http = addresses.filter(({ gateway }) => gateway === 'http')
  const mcp = addresses.filter(({ gateway }) => gateway === 'mcp')
  const line = (client: string, where: string, text: string): ReadyLine => ({ client, where, text })
  return [
    line('The key', 'terminal', `export ${variable}=${key}`),
    ...(http.length === 0 ? [] : [line('curl', 'terminal', each(http, curl))]),
    ...(mcp.length === 0
      ? []
      : [
          line('Claude Code', 'terminal', each(mcp, claudeCode)),
          line('Codex', '~/.codex/config.toml', each(mcp, codex, '\n\n')),
          line('Cursor', '.cursor/mcp.json', pretty({ mcpServers: all(mcp, cursor) })),
          line('VS Code', '.vscode/mcp.json', pretty({ inputs: [vsCodeInput], servers: all(mcp, vsCode) })),
        ]),
    ...sdk('OpenAI SDK', http.find(leadsTo('api.openai.com')), openAi, mcp, openAiAgents),
    ...sdk('Anthropic SDK', http.find(leadsTo('api.anthropic.com')), anthropic, mcp, claudeAgents),
  ]

  /** By the model's own address where a gateway stands before it, else by the tools. */
  function sdk(
    client: string,
    model: Opened | undefined,
    ofModel: (address: Opened) => string,
    tools: readonly Opened[],
    ofTools: (addresses: readonly Opened[]) => string,
  ): ReadyLine[] {
    if (model) return [line(client, 'Python', ofModel(model))]
    return tools.length === 0 ? [] : [line(client, 'Python', ofTools(tools))]
  }
}

const each = (addresses: readonly Opened[], write: (address: Opened) => string, between = '\n') =>
  addresses.map(write).join(between)

const all = (addresses: readonly Opened[], write: (address: Opened) => object) =>
  Object.fromEntries(addresses.map((address) => [address.name, write(address)]))

const pretty = (value: object) => JSON.stringify(value, undefined, 2)

const leadsTo =
  (host: string) =>
  ({ leadsTo: origin }: Opened) =>
    origin !== undefined && new URL(origin).hostname === host

const curl = ({ address }: Opened) => `curl -i ${address}/ -H "authorization: Bearer $${variable}"`

const claudeCode = ({ name, address }: Opened) =>
  `claude mcp add --transport http ${name} ${address} --header "Authorization: Bearer $${variable}"`

const codex = ({ name, address }: Opened) =>
  [
    `[mcp_servers.${name}]`,
    `url = "${address}"`,
    `bearer_token_env_var = "${variable}"`,
    'tool_timeout_sec = 3600',
  ].join('\n')

const cursor = ({ address }: Opened) => ({
  url: address,
  headers: { Authorization: `Bearer \${env:${variable}}` },
})

const vsCodeInput = {
  type: 'promptString',
  id: 'countersign-key',
  description: 'The agent’s key',
  password: true,
}

const vsCode = ({ address }: Opened) => ({
  type: 'http',
  url: address,
  headers: { Authorization: 'Bearer ${input:countersign-key}' },
})

const fromEnvironment = `os.environ["${variable}"]`

const openAi = ({ address }: Opened) =>
  `import os\nfrom openai import OpenAI\n\nclient = OpenAI(base_url="${address}/v1", api_key=${fromEnvironment})`

const anthropic = ({ address }: Opened) =>
  `import os\nfrom anthropic import Anthropic\n\nclient = Anthropic(base_url="${address}", auth_token=${fromEnvironment})`

const bearer = `{"Authorization": "Bearer " + ${fromEnvironment}}`

const openAiAgents = (addresses: readonly Opened[]) =>
  [
    'import os\nfrom agents.mcp import MCPServerStreamableHttp\n\nservers = [',
    ...addresses.map(
      ({ name, address }) =>
        `    MCPServerStreamableHttp(name="${name}", client_session_timeout_seconds=3600,\n` +
        `        params={"url": "${address}", "headers": ${bearer}}),`,
    ),
    ']  # Agent(…, mcp_servers=servers)',
  ].join('\n')

const claudeAgents = (addresses: readonly Opened[]) =>
  [
    'import os\nfrom claude_agent_sdk import ClaudeAgentOptions\n\noptions = ClaudeAgentOptions(mcp_servers={',
    ...addresses.map(
      ({ name, address }) => `    "${name}": {"type": "http", "url": "${address}",\n        "headers": ${bearer}},`,
    ),
    '})',
  ].join('\n')
