import type { Action } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from './canonical.ts'
import { seal } from './seal.ts'

const draft = (): Action => ({
  tenant: 'default',
  gateway: 'http',
  mode: 'enforcing',
  verb: 'data.export',
  operation: 'http.request',
  resources: [{ kind: 'dataset', name: 'finance.orders' }],
  parameters: { rows: 48_211, to: { bucket: 'reports' } },
  environment: 'prod',
  agent: 'finance-bot',
})

describe('P1: what was judged is what will run', () => {
  it('the seal keeps what it was given, whatever the caller does to its object afterwards', () => {
    const action = draft()
    const sealed = seal(action)
    action.parameters.rows = 1_000_000
    action.resources[0] = { kind: 'dataset', name: 'finance.ledger' }
    expect(sealed.action).toEqual(draft())
    expect(sealed.digest).toBe(seal(draft()).digest)
  })

  it('A3: two drafts with one digest are one copy, in the order of what was hashed', () => {
    const one = { ...draft(), parameters: { b: [{ z: 1, a: 2 }], Path: '/evil', path: '/safe', '10': 1, '9': 2 } }
    const other = { ...draft(), parameters: { path: '/safe', '9': 2, Path: '/evil', '10': 1, b: [{ a: 2, z: 1 }] } }
    const [first, second] = [one, other].map(seal)
    expect(second?.digest).toBe(first?.digest)
    expect(JSON.stringify(second?.action)).toBe(JSON.stringify(first?.action))
    expect(JSON.stringify(first?.action.parameters.b)).toBe(canonical(one.parameters.b))
  })

  it('nobody can change a sealed action', () => {
    const { action } = seal(draft())
    expect(() => {
      ;(action.parameters.to as { bucket: string }).bucket = 'elsewhere'
    }).toThrow(TypeError)
  })

  it('a member called __proto__ is sealed with the others', () => {
    const parameters = JSON.parse('{"__proto__":{"rows":1}}') as Action['parameters']
    const { action, digest } = seal({ ...draft(), parameters })
    expect(JSON.stringify(action.parameters)).toBe('{"__proto__":{"rows":1}}')
    expect(digest).not.toBe(seal({ ...draft(), parameters: {} }).digest)
  })

  const nested = (depth: number): Action['parameters'] => (depth === 0 ? {} : { in: nested(depth - 1) })
  it.each<[string, unknown]>([
    ['a date', { at: new Date(0) }],
    ['a map', { of: new Map() }],
    ['nesting without end', nested(5_000)],
  ])('what could change after the seal has none: %s', (_, parameters) => {
    const unsealable = { ...draft(), parameters: parameters as Action['parameters'] }
    expect(() => seal(unsealable)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_INVALID' }))
  })

  const changes: [string, Partial<Action>][] = [
    ['another agent', { agent: 'other-bot' }],
    ['another person acted for', { onBehalfOf: 'per_ana' }],
    ['another session starter', { startedBy: 'per_ana' }],
    ['another mode', { mode: 'cooperating' }],
    ['another environment', { environment: 'dev' }],
    ['another argument', { parameters: { rows: 48_212, to: { bucket: 'reports' } } }],
    ['another tool definition', { definition: 'a'.repeat(64) }],
    ['another resource', { resources: [{ kind: 'dataset', name: 'finance.ledger' }] }],
    ['another operation', { operation: 'http.other' }],
    ['another verb', { verb: 'data.read' }],
    ['another gateway', { gateway: 'mcp' }],
  ]
  it.each(changes)('%s has another digest', (_, change) => {
    expect(seal({ ...draft(), ...change }).digest).not.toBe(seal(draft()).digest)
  })
})

describe('https://www.rfc-editor.org/rfc/rfc8785#section-3.2', () => {
  it.each<[string, unknown, string]>([
    [
      'sorts members by UTF-16 code units',
      { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 },
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"דּ":3}',
    ],
    ['leaves out what is undefined', { a: undefined, b: 1 }, '{"b":1}'],
    ['keeps the order of lists', [2, 1], '[2,1]'],
    ['writes minus zero as zero', -0, '0'],
    ['writes numbers as ECMAScript does', [1e30, 4.5, 2e-3, 1e-27], '[1e+30,4.5,0.002,1e-27]'],
    ['escapes only what it must', '\u20ac$\u000f\nA\'B"\\', '"€$\\u000f\\nA\'B\\"\\\\"'],
    ['keeps a member called __proto__', JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  ])('%s', (_, value, text) => {
    expect(canonical(value)).toBe(text)
  })

  const nest = (depth: number): unknown => (depth === 0 ? 1 : [nest(depth - 1)])
  it.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['an infinity', [Number.POSITIVE_INFINITY]],
    ['an integer beyond 2^53', 2 ** 53],
    ['a lone surrogate', { a: '\ud800' }],
    ['a lone surrogate in a key', { '\udc00': 1 }],
    ['a date', { a: new Date(0) }],
    ['a function', { a: () => 1 }],
    ['a bigint', 1n],
    ['undefined in a list', [undefined]],
    ['nesting deeper than 100', nest(101)],
  ])('refuses %s', (_, value) => {
    expect(() => canonical(value)).toThrow(expect.objectContaining({ code: 'ERR_INPUT_INVALID' }))
  })

  it('means the same as the value, in one form whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), (value) => {
        fc.pre(isPlain(value))
        const text = canonical(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonical(shuffled(value))).toBe(text)
      }),
    )
  })
})

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, shuffled(member)]),
  )
}

/** What canonical form refuses on purpose is not the subject of the law. */
function isPlain(value: unknown): boolean {
  try {
    canonical(value)
    return !JSON.stringify(value).includes('__proto__')
  } catch {
    return false
  }
}
