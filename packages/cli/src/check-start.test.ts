/** What `check` says and what `serve` does: the same, since it is the same code. */
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { check, cwd, inFolders, run, write } from './fake-folder.ts'

inFolders()

const http = (upstream: string) =>
  `gateways:\n  http:\n    listen: 127.0.0.1:0\n    upstreams:\n      a:\n        origin: https://a.example\n        environment: prod\n${upstream}`

const route = (pattern: string, more: string) =>
  http(
    `        routes:\n          ${pattern}:\n            verb: data.read\n            resources: [{ kind: dataset, name: d }]\n${more}`,
  )

/** What keeps it from starting: `check` names its place, and `serve` says the very same and opens nothing. */
const problems: [string, string, string, RegExp][] = [
  [
    'E1: a CEL typo in a route',
    route('GET /x', '            sentence: { cel: "1 +" }\n'),
    '12:25 gateways.http.upstreams.a.routes.GET /x.sentence.cel',
    /expression/,
  ],
  [
    'E1: a CEL typo in a resource of a route',
    route('GET /x', '            reads: [{ name: { cel: bdy.x } }]\n'),
    '12:31 gateways.http.upstreams.a.routes.GET /x.reads.0.name.cel',
    /bdy/,
  ],
  [
    'E1: a loop in a loop in a route',
    route('GET /x', '            destination: { cel: "body.a.map(x, body.a.map(y, x))[0]" }\n'),
    '12:28 gateways.http.upstreams.a.routes.GET /x.destination.cel',
    /nest/,
  ],
  [
    'E1: a CEL typo in an MCP rule',
    'gateways:\n  mcp:\n    servers:\n      s:\n        url: https://s.example\n        tools:\n          t: { reads: "arguments." }\n',
    '7:16 gateways.mcp.servers.s.tools.t.reads',
    /./,
  ],
  ...(
    [
      ['its sentence', 'sentence: { cel: "1 +" }', 'sentence.cel', /Unexpected token/],
      ['a resource', 'resources: [{ kind: tool, name: { cel: argments.x } }]', 'resources.0.name.cel', /argments/],
      ['what it reads', 'reads: { cel: arguments. }', 'reads.cel', /IDENTIFIER/],
      ['the columns that it writes', 'writes: [{ name: d, columns: { cel: body } }]', 'writes.0.columns.cel', /body/],
      ['its verb', 'verb: { cel: "arguments.a.matches(\'x\')" }', 'verb.cel', /matches is not offered/],
      ['its rows', 'rows: { cel: "arguments.a.map(x, arguments.a.map(y, x))" }', 'rows.cel', /nest/],
    ] as const
  ).map(([what, rule, path, says]): (typeof problems)[number] => [
    `E1: a tool rule that does not compile is told by check: ${what}`,
    `gateways:\n  mcp:\n    servers:\n      s:\n        command: [/bin/sh]\n        preset: filesystem\n        tools:\n          t:\n            ${rule}\n`,
    `gateways.mcp.servers.s.tools.t.${path}`,
    says,
  ]),
  [
    'E1: a pattern that is none',
    route("'GET /{a}{b}'", ''),
    '9:11 gateways.http.upstreams.a.routes.GET /{a}{b}',
    /parts/,
  ],
  ['E2: a time zone that does not exist', 'timeZone: Europe/Berln\n', '1:1 timeZone', /no such time zone/],
  ['E2: an offset for a time zone', 'timeZone: Berlin\n', '1:1 timeZone', /no such time zone/],
  [
    'E3: a document that is none',
    http("        openapi: './shop.json'\n"),
    '8:9 gateways.http.upstreams.a.openapi',
    /file:/,
  ],
  ['E5: a database that is no PostgreSQL', 'store: { url: "mysql://db/x" }\n', '1:10 store.url', /postgres:\/\//],
  ['E5: an empty database URL', 'store: { url: "" }\n', '1:10 store.url', /postgres:\/\//],
  [
    'E4: an issuer over plain http',
    'identity: { issuer: http://id.example, clientId: c }\n',
    '1:13 identity.issuer',
    /https/,
  ],
  ['E9: a publicUrl with a path', 'publicUrl: https://a.example/countersign\n', '1:1 publicUrl', /root/],
  ['E9: a publicUrl with a query', 'publicUrl: https://a.example/?x\n', '1:1 publicUrl', /root/],
  ['E9: a publicUrl over plain http', 'publicUrl: http://a.example\n', '1:1 publicUrl', /https/],
  ['E8: a file that is not there', 'store: { url: "file:gone.txt" }\n', '1:10 store.url', /ENOENT/],
  [
    'E8: a folder of policies that is not there',
    'policies: ./polices\n',
    '1:1 policies',
    /polices cannot be read \(ENOENT\)/,
  ],
  ['E8: a registry that is not there', 'registry: ./registri.yaml\n', '1:1 ', /ENOENT/],
]

describe('what keeps it from starting', () => {
  it.each(problems)('%s', async (_, config, address, says) => {
    const report = await check(config)
    expect(report.problems.map(({ line, column, path }) => `${line}:${column} ${path}`).join('\n')).toContain(address)
    expect(report.problems.map((one) => one.says).join('\n')).toMatch(says)
    const served = await run('serve', '--port', '0', '--data', 'data')
    expect(served).toMatchObject({ code: 1, said: '' })
    for (const { file, line, column, says: told } of report.problems) {
      expect(served.muttered).toContain(`${file}:${line}:${column}: `)
      expect(served.muttered).toContain(told)
    }
    expect(existsSync(join(cwd, 'data', 'pg'))).toBe(false)
  })

  it('all of it is told at once', async () => {
    await write('policies/bad.cedar', 'permit (principal, action, resource);\n')
    const config = `timeZone: nowhere\nnme: a\n${route('GET /x', '            sentence: { cel: "1 +" }\n')}channels:\n  pigeon: {}\n`
    const { problems: found } = await check(config)
    const said = found.map(({ file, path }) => `${file} ${path}`).join('\n')
    for (const part of ['timeZone', 'nme', 'sentence.cel', 'channels.pigeon', 'policies/bad.cedar'])
      expect(said).toContain(part)
  })
})

describe('what a document costs', () => {
  const document = JSON.stringify({ openapi: '3.1.0', paths: { '/a': null, '/b': { get: {} } } }, undefined, 2)

  it('E3: one bad item is a warning with its file and line, and the rest is served', async () => {
    await write('shop.json', document)
    const report = await check(http('        openapi: file:shop.json\n'))
    expect(report).toMatchObject({
      ok: true,
      warnings: [{ file: 'shop.json', line: 4, column: 5, says: expect.stringContaining('Left out') }],
    })
  })

  it('E3: so is one in a document that is written out', async () => {
    const report = await check(
      http(`        openapi:\n          openapi: 3.1.0\n          paths:\n            /a: null\n`),
    )
    expect(report.warnings).toMatchObject([{ file: 'countersign.yaml', line: 11, column: 13 }])
  })

  it('E3: a mistyped word of our own in it is a problem, at its operation', async () => {
    await write(
      'shop.yaml',
      'openapi: 3.1.0\npaths:\n  /a:\n    get:\n      x-countersign: { sentence: { cel: "1 +" } }\n',
    )
    expect((await check(http('        openapi: file:shop.yaml\n'))).problems).toMatchObject([
      { file: 'shop.yaml', line: 4, column: 5, path: expect.stringContaining('x-countersign.sentence.cel') },
    ])
  })
})

describe('what will not work is said before', () => {
  it.each<[string, string, string[], string, RegExp]>([
    [
      'E7: a private address without `private`',
      http('').replace('https://a.example', 'http://10.0.0.7'),
      [],
      'gateways.http.upstreams.a.origin',
      /private: true/,
    ],
    [
      'E7: this machine without `private`',
      http('').replace('https://a.example', 'http://localhost:9'),
      [],
      'gateways.http.upstreams.a.origin',
      /private: true/,
    ],
    [
      'E7: an MCP server at a private address',
      'gateways:\n  mcp: { servers: { s: { url: "http://192.168.1.4/mcp" } } }\n',
      [],
      'gateways.mcp.servers.s.url',
      /private: true/,
    ],
    [
      'E7: an address for special purposes',
      http('        private: true\n')
        .replace('https://a.example', 'http://169.254.169.254')
        .replace('private: true', 'private: false'),
      [],
      'gateways.http.upstreams.a.origin',
      /private: true/,
    ],
    [
      'E6: an MCP program that is not there',
      'gateways:\n  mcp: { servers: { s: { command: [no-such-program] } } }\n',
      [],
      'gateways.mcp.servers.s.command',
      /no program no-such-program in PATH/,
    ],
    [
      'E6: an MCP program by a path that is not there',
      'gateways:\n  mcp: { servers: { s: { command: [/opt/none] } } }\n',
      [],
      'gateways.mcp.servers.s.command',
      /no program \/opt\/none/,
    ],
    [
      'E6: a folder for an MCP program that is not there',
      'gateways:\n  mcp: { servers: { s: { command: [/bin/sh], cwd: /no/where } } }\n',
      [],
      'gateways.mcp.servers.s.command',
      /\/no\/where is not there/,
    ],
    [
      'E6: an MCP program that speaks no MCP',
      'gateways:\n  mcp: { servers: { s: { command: [/bin/false] } } }\n',
      ['--connect'],
      'gateways.mcp.servers.s.command',
      /did not answer as an MCP server/,
    ],
    [
      'E4: an issuer where nobody listens',
      'identity: { issuer: "http://localhost:9", clientId: c }\n',
      ['--connect'],
      'identity.issuer',
      /Nobody could sign in: .*ECONNREFUSED/,
    ],
    [
      'E5: a database where nobody listens',
      'store: { url: "postgres://localhost:9/x" }\n',
      ['--connect'],
      'store.url',
      /ECONNREFUSED/,
    ],
    [
      'E7: an upstream where nobody listens',
      http('        private: true\n').replace('https://a.example', 'http://127.0.0.1:9'),
      ['--connect'],
      'gateways.http.upstreams.a.origin',
      /ECONNREFUSED/,
    ],
  ])('%s', async (_, config, words, path, says) => {
    const { ok, warnings } = await check(config, ...words)
    expect(ok).toBe(true)
    expect(warnings).toMatchObject([{ path, says: expect.stringMatching(says) }])
  })

  it('E4: an issuer that answers something else', async () => {
    const server = createServer((_, response) => response.writeHead(404).end('no'))
    await new Promise<void>((ready) => void server.listen(0, '127.0.0.1', ready))
    const { port } = server.address() as AddressInfo
    const { warnings } = await check(`identity: { issuer: "http://127.0.0.1:${port}", clientId: c }\n`, '--connect')
    server.close()
    expect(warnings).toMatchObject([{ path: 'identity.issuer', line: 1 }])
  })

  it('what answers is not warned of', async () => {
    const server = createServer((_, response) => response.end('{}'))
    await new Promise<void>((ready) => void server.listen(0, '127.0.0.1', ready))
    const { port } = server.address() as AddressInfo
    const config = http('        private: true\n').replace('https://a.example', `http://127.0.0.1:${port}`)
    expect((await check(config, '--connect')).warnings).toEqual([])
    server.close()
  })
})
