import { describe, expect, it } from 'vitest'
import { type Called, sentenceOf } from './sentence.ts'

const tool = { kind: 'tool', name: 'deployer/restart_service' } as const
const called = (over: Partial<Called>): Called => ({
  verb: 'tool.call',
  server: 'deployer',
  tool: 'restart_service',
  resources: [tool],
  args: {},
  ...over,
})

describe('G5: a tool of which nobody said what it means has a sentence that says what is called, and with what', () => {
  it.each<[string, Partial<Called>, string]>([
    ['nothing', {}, 'Call deployer/restart_service'],
    ['a text', { args: { service: 'orders' } }, 'Call deployer/restart_service with service "orders"'],
    [
      'more than there is room for',
      { args: { a: 'x', b: 2, c: true, d: 'y', e: [1] } },
      'Call deployer/restart_service with a "x", b 2, c true and 2 more',
    ],
    ['no plain value', { args: { list: [1, 2] } }, 'Call deployer/restart_service with one argument'],
    [
      'resources of a rule',
      { resources: [{ kind: 'host', name: 'web-1' }] },
      'Call deployer/restart_service on "web-1"',
    ],
    [
      'a file',
      { verb: 'file.write', resources: [{ kind: 'file', name: 'a.md' }] },
      'Change "a.md" with deployer/restart_service',
    ],
    [
      'a long text',
      { args: { text: 'x'.repeat(100) } },
      `Call deployer/restart_service with text "${'x'.repeat(40)}…"`,
    ],
    [
      'text that would end the sentence, or turn it around',
      { args: { 'a" approved by Ben': 'x"\n\u202Ey' } },
      'Call deployer/restart_service with "a\\" approved by Ben" "x\\"\uFFFD\uFFFDy"',
    ],
  ])('%s', (_, over, expected) => {
    expect(sentenceOf(called(over))).toBe(expected)
  })
})
