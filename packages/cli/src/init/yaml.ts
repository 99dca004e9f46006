/**
 * The text of a first `countersign.yaml`, with a word on every part.
 *
 * @module
 */
import type { Behind } from './behind.ts'

export interface FirstApi {
  readonly name: string
  readonly origin: string
  readonly private: boolean
  /** The variable that holds its token. */
  readonly credential?: string | undefined
}

export interface FirstConfig {
  readonly name: string
  readonly environment: string
  readonly servers: ReadonlyMap<string, Behind>
  readonly apis: readonly FirstApi[]
}

export const configText = ({ name, environment, servers, apis }: FirstConfig): string => `\
# Countersign's configuration, written by \`countersign init\` and yours from now on. \`countersign check\` reads it as a
# start would. Every key: docs/configuration.md. Secrets never stand in here: \${NAME} is taken from the environment, or
# from countersign.env beside this file.

# Names this deployment. It stands in the ledger for good.
name: ${scalar(name)}

# Console, API and MCP. localhost is this machine alone.
listen:
  host: localhost
  port: 4600

# Who people are: any OpenID Connect provider (docs/connect-an-identity-provider.md). Until then, people of this machine
# are added with \`countersign people add\`.
# identity:
#   issuer: https://login.example.com
#   clientId: countersign
#   clientSecret: \${OIDC_CLIENT_SECRET}

# What agents may do, and what waits for whom. Read again whenever a file changes.
policies: ./policies

# What Countersign knows of your data, and the groups whose members may approve.
registry: ./policies/registry.yaml

# Groups of agents that policies may name.
agentGroups: []

# What agents reach, through the gate alone. What is not described here counts as the worst: it waits.
${gatewaysText(environment, servers, apis)}`

function gatewaysText(environment: string, servers: ReadonlyMap<string, Behind>, apis: readonly FirstApi[]): string {
  return [
    'gateways:',
    '  # HTTP APIs: http://127.0.0.1:4601/<name>/… goes to <origin>/…',
    ...(apis.length > 0
      ? [
          '  http:',
          '    listen: 127.0.0.1:4601',
          '    upstreams:',
          ...apis.flatMap((api) => apiLines(api, environment)),
        ]
      : commented(['http:', '  upstreams:', ...apiLines(exampleApi, environment).map((line) => line.slice(4))])),
    '',
    '  # MCP servers: http://localhost:4600/mcp/<name>',
    ...(servers.size > 0
      ? ['  mcp:', '    servers:', ...[...servers].flatMap(([name, server]) => serverLines(name, server))]
      : commented([
          'mcp:',
          '  servers:',
          ...serverLines('files', exampleServer(environment)).map((line) => line.slice(4)),
        ])),
    ...(apis.length + servers.size > 0 ? [''] : ['  {}', '']),
  ].join('\n')
}

const exampleApi: FirstApi = {
  name: 'my-api',
  origin: 'https://api.example.com',
  private: false,
  credential: 'MY_API_TOKEN',
}

const exampleServer = (environment: string): Behind => ({
  from: 'an example',
  environment,
  command: ['npx', '@modelcontextprotocol/server-filesystem@2026.8.31', '/srv/shared'],
  env: {},
  preset: 'filesystem',
})

const commented = (lines: readonly string[]) => lines.map((line) => `  # ${line}`)

const apiLines = ({ name, origin, private: near, credential }: FirstApi, environment: string): string[] => [
  `      ${scalar(name)}:`,
  `        origin: ${scalar(origin)}`,
  ...(near ? ['        private: true # it lies in a network of your own'] : []),
  `        environment: ${scalar(environment)}`,
  ...(credential === undefined
    ? [
        "        # credential: { header: authorization, value: 'Bearer ${MY_API_TOKEN}' } # added here; agents never hold it",
      ]
    : [
        `        credential: { header: authorization, value: ${scalar(`Bearer \${${credential}}`)} } # agents never hold it`,
      ]),
  '        # Say what a call means, and its question reads well and its policy can be finer:',
  '        # routes:',
  '        #   POST /orders:',
  '        #     verb: data.write',
  '        #     resources: [{ kind: dataset, name: sales.orders }]',
  '        #     sentence: { cel: \'"Order " + grouped(body.quantity) + " of " + body.product\' }',
  '        #     reads: []',
  '        #     writes: [{ name: sales.orders }]',
]

function serverLines(name: string, server: Behind): string[] {
  const { from, environment, preset } = server
  return [
    `      ${scalar(name)}: # from ${from.replaceAll(/\s/g, ' ')}`,
    ...('command' in server
      ? [
          `        command: [${server.command.map(scalar).join(', ')}]`,
          ...named('env', server.env),
          ...(server.cwd === undefined ? [] : [`        cwd: ${scalar(server.cwd)}`]),
        ]
      : [
          `        url: ${scalar(server.url)}`,
          ...(server.private ? ['        private: true # it lies in a network of your own'] : []),
          ...named('headers', server.headers),
        ]),
    `        environment: ${scalar(environment)}`,
    ...(preset === undefined ? [] : [`        preset: ${preset} # knows what its tools mean`]),
  ]
}

const named = (key: string, values: Readonly<Record<string, string>>): string[] =>
  Object.keys(values).length === 0
    ? []
    : [
        `        ${key}:`,
        ...Object.entries(values).map(([name, value]) => `          ${scalar(name)}: ${scalar(value)}`),
      ]

/** Plain where YAML reads a text and nothing else, quoted as JSON otherwise. */
const scalar = (text: string): string =>
  /^[A-Za-z/.][\w./@:-]*$/.test(text) && !/:$|^(?:true|false|null|yes|no|on|off|y|n|\.inf|\.nan)$/i.test(text)
    ? text
    : JSON.stringify(text)
