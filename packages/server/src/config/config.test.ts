import { CountersignError } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Config } from './config.ts'
import { channelsIn, followersIn, sections } from './parts.ts'
import { parseConfig } from './read-config.ts'
import type { ConfigProblem } from './yaml.ts'

const files: Readonly<Record<string, string>> = { 'secret.txt': '  from-file\n' }
const surroundings = {
  env: { TOKEN: 'from-env', EMPTY: '' },
  readFile(path: string) {
    const text = files[path]
    if (text === undefined) throw new Error('ENOENT')
    return text
  },
}
const parse = (text: string) => parseConfig(text, surroundings, sections)

function problemsOf(text: string): string[] {
  try {
    parse(text)
    return []
  } catch (error) {
    if (!(error instanceof CountersignError) || error.code !== 'ERR_CONFIG_INVALID') throw error
    return (error.detail as ConfigProblem[]).map(({ line, column, path, says }) => `${line}:${column} ${path} ${says}`)
  }
}

describe('a configuration', () => {
  it.each(['', '# nothing\n', '{}'])('has a default for everything: %j', (text) => {
    expect(parse(text)).toEqual(Config.parse({}))
    expect(parse(text)).toMatchObject({ name: 'localhost', listen: { host: 'localhost', port: 4600 }, gateways: {} })
  })

  it.each<[string, string, string]>([
    ['an unknown key', 'name: a\nlisten:\n  prot: 1\n', '3:3 listen.prot There is no such key.'],
    ['an unknown section', 'name: a\ngatway: {}\n', '2:1 gatway There is no such key.'],
    ['a wrong type', 'listen:\n  port: "4600"\n', '2:3 listen.port Invalid input: expected number'],
    ['a number out of range', 'listen: { port: 70000 }', '1:11 listen.port Too big'],
    ['a missing key', 'identity:\n  issuer: https://id.example\n', '2:3 identity.clientId Invalid input'],
    ['an item of a list', 'agentGroups:\n  - a\n  - 2\n', '3:5 agentGroups.1 Invalid input: expected string'],
    ['a list for an object', '- a\n', '1:1  Invalid input: expected object'],
    ['bad YAML', 'a: b: c\n', '1:4'],
    ['an unclosed bracket', 'gateways: [\n', '2:1'],
    ['the same key twice', 'name: a\nname: b\n', '2:1  Map keys must be unique'],
    ['an alias to nothing', 'name: *other\n', '1:1  Unresolved alias'],
    ['a variable that is not set', 'store:\n  url: ${NOWHERE}\n', '2:3 store.url The environment variable NOWHERE'],
    ['a file that is not there', 'store:\n  url: file:gone.txt\n', '2:3 store.url This file cannot be read.'],
    [
      'a gateway nobody knows',
      'gateways:\n  telnet: {}\n',
      '2:3 gateways.telnet There is nothing of that name. There are: http, mcp',
    ],
    [
      'a channel nobody knows',
      'channels:\n  smoke: {}\n',
      '2:3 channels.smoke There is nothing of that name. There are: webhook',
    ],
    [
      'a type nobody knows',
      'followers:\n  eu: { type: smoke }\n',
      '2:9 followers.eu.type There is no such type. There are: openlineage',
    ],
    [
      'a name that is none',
      'followers:\n  "e:u": { type: openlineage, url: "https://a.example" }\n',
      '2:3 followers.e:u A name has up to 40 small letters',
    ],
    [
      'the section of another of the same type',
      'followers:\n  eu: { type: openlineage, url: 7 }\n',
      '2:28 followers.eu.url Invalid input: expected string',
    ],
    [
      'a gateway’s own section',
      'gateways:\n  http:\n    upstreams:\n      a: { origin: "https://a.example", environmnt: prod }\n',
      '4:41 gateways.http.upstreams.a.environmnt There is no such key.',
    ],
    [
      'one of two kinds of server',
      'gateways:\n  mcp:\n    servers:\n      a: { url: "https://a.example", headers: 1 }\n',
      '4:38 gateways.mcp.servers.a.headers Invalid input: expected record',
    ],
  ])('says where %s stands', (_, text, expected) => {
    expect(
      problemsOf(text).some((problem) => problem.startsWith(expected)),
      problemsOf(text).join('\n'),
    ).toBe(true)
  })

  it('has several channels and followers of one type, each under a name of its own', () => {
    const url = 'https://a.example/in'
    const followers = { openlineage: { url }, eu: { type: 'openlineage', url, apiKey: 'k' } }
    expect(followersIn(parse(JSON.stringify({ followers })).followers)).toMatchObject([
      { name: 'openlineage', part: { name: 'openlineage' }, section: { url } },
      { name: 'eu', part: { name: 'openlineage' }, section: { url, apiKey: 'k' } },
    ])
    expect(channelsIn({ pager: { type: 'webhook', url } })).toMatchObject([{ name: 'pager', section: { url } }])
  })

  it('tells all problems at once', () => {
    expect(problemsOf('listen: { port: x, host: 1 }\nnme: a\n')).toHaveLength(3)
  })

  it('is not blown up by aliases', () => {
    const levels = Array.from(
      { length: 12 },
      (_, at) => `l${at + 1}: &l${at + 1} [${Array(9).fill(`*l${at}`).join(',')}]`,
    )
    expect(problemsOf(`l0: &l0 [x]\n${levels.join('\n')}\n`)).toEqual([expect.stringMatching(/^1:1 .*alias/i)])
  })

  it('quotes no value: it may be a secret', () => {
    expect(problemsOf('store: { url: [hunter2] }\nlisten: { port: hunter2 }').join()).not.toContain('hunter2')
    expect(problemsOf('gateways: { mcp: { servers: { a: { command: hunter2 } } } }').join()).not.toContain('hunter2')
  })
})

const provider = 'issuer: https://id.example, clientId: c'

describe('secrets', () => {
  it.each([
    ['${TOKEN}', 'from-env'],
    ['Bearer ${TOKEN}', 'Bearer from-env'],
    ['${EMPTY}', ''],
    ['file:secret.txt', 'from-file'],
    ['$TOKEN', '$TOKEN'],
    ['${lower}', '${lower}'],
    ['a file:secret.txt', 'a file:secret.txt'],
  ])('%s', (written, resolved) => {
    expect(parse(`identity: { ${provider}, clientSecret: "${written}" }`).identity?.clientSecret).toBe(resolved)
  })

  it('are resolved once: what comes from outside is text', () => {
    const nested = { env: { A: '${B}', B: 'b' }, readFile: () => '${B}' }
    const secretOf = (written: string) =>
      parseConfig(`identity: { ${provider}, clientSecret: "${written}" }`, nested, sections).identity?.clientSecret
    expect([secretOf('${A}'), secretOf('file:x')]).toEqual(['${B}', '${B}'])
  })

  it('keys are never resolved', () => {
    const numbers = { gateways: { '${TOKEN}': z.number() }, channels: {}, followers: {} }
    expect(parseConfig('gateways: { "${TOKEN}": 1 }', surroundings, numbers).gateways).toEqual({ '${TOKEN}': 1 })
  })
})
