import { describe, expect, it } from 'vitest'
import { meaningOf } from './describe.ts'
import { createRuleCompiler } from './rule.ts'

const compile = createRuleCompiler({ body: 'dyn' })

function resourceOf(kind: string, name: unknown, said: unknown = { cel: 'body' }) {
  const rule = compile(
    { verb: 'tool.call', resources: [{ kind, name: said }], destructive: false, alike: [] } as never,
    (_, says) => expect.fail(says),
  )
  const unknown = { kind: 'unknown', name: 'x' } as const
  const { action } = meaningOf(
    rule,
    { body: name },
    {
      verb: 'tool.call',
      resource: unknown,
      unknown,
      hint: undefined,
      sentence: () => 's',
    },
  )
  return action.resources[0]?.kind
}

describe('A1: a name that whoever opens it could read otherwise is unknown', () => {
  it.each<[string, string]>([
    ['file', '/etc/../etc/passwd'],
    ['file', '/etc//passwd'],
    ['file', '/etc/./passwd'],
    ['file', '../etc/passwd'],
    ['file', './a'],
    ['file', '..'],
    ['file', 'C:\\a'],
    ['file', '/a\\b'],
    ['file', '/cafe\u0301'],
    ['file', '/a\0b'],
    ['host', 'Evil.example'],
    ['host', 'evil.example.'],
    ['host', 'evil.example/x'],
    ['host', 'user@evil.example'],
    ['host', 'evil%2eexample'],
    ['host', '2130706433'],
    ['host', '0x7f.1'],
    ['host', '127.1'],
    ['host', '[::0:1]'],
    ['host', '\uFF45vil.example'],
    ['host', 'ev\u00ADil.example'],
    ['host', ' evil.example'],
    ['host', ''],
  ])('%s %j', (kind, name) => {
    expect(resourceOf(kind, name)).toBe('unknown')
  })

  it.each<[string, string]>([
    ['file', '/etc/passwd'],
    ['file', 'git/shop'],
    ['file', '/a/.hidden'],
    ['file', '/caf\u00E9'],
    ['host', 'evil.example'],
    ['host', 'evil.example:8443'],
    ['host', 'evil.example:80'],
    ['host', '127.0.0.1'],
    ['host', '[::1]'],
    ['host', 'xn--bcher-kva.example'],
  ])('%s %j is known', (kind, name) => {
    expect(resourceOf(kind, name)).toBe(kind)
  })

  it('what an operator says outright is left alone', () => {
    expect(resourceOf('host', undefined, 'Prod-DB')).toBe('host')
  })
})
