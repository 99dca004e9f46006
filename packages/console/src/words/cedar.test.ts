import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cedarTokens } from './cedar.ts'

/** `keyword:permit annotation:@id …` */
const kindsIn = (text: string) =>
  cedarTokens(text)
    .flatMap(({ kind, text: token }) => (kind ? [`${kind}:${token}`] : []))
    .join(' ')

describe('the words of a policy', () => {
  it.each([
    ['@id("a") // why', 'annotation:@id string:"a" comment:// why'],
    ['permit (principal in AgentGroup::"a")', 'keyword:permit variable:principal keyword:in string:"a"'],
    ['when { context.rows > 1000 };', 'keyword:when variable:context number:1000'],
    ['context.action.type has permit', 'variable:context keyword:has keyword:permit'],
    ['permitted inside isolate', ''],
    ['resource like "a*"', 'variable:resource keyword:like string:"a*"'],
    ['"// no comment" // "no string"', 'string:"// no comment" comment:// "no string"'],
    [String.raw`"a \" b" true`, String.raw`string:"a \" b" keyword:true`],
    ['"two\nlines" 1', 'string:"two\nlines" number:1'],
    ['"not yet closed permit', 'string:"not yet closed permit'],
    ['entity Dataset in [Domain] { known: Bool };', 'keyword:entity keyword:in'],
    ['x9 9x', ''],
  ])('%s', (text, expected) => {
    expect(kindsIn(text)).toBe(expected)
  })

  it('lose and add nothing', () => {
    const piece = fc.constantFrom('permit', '"', '\\', '//', '\n', '@id', ' ', '.', '1', 'é', '\u202e', '😀', 'context')
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 30 }), (pieces) => {
        const text = pieces.join('')
        return (
          cedarTokens(text)
            .map((token) => token.text)
            .join('') === text
        )
      }),
    )
  })

  it('are told apart in a text without an end in a time that grows with its length', () => {
    const hard = '"'.concat('\\"'.repeat(200_000))
    expect(cedarTokens(hard)).toEqual([{ text: hard, kind: 'string' }])
  })

  it('meet AA on the ground of a policy, in both schemes (https://www.w3.org/TR/WCAG22/#contrast-minimum)', () => {
    const [light = '', dark = ''] = read('tokens.css').split('prefers-color-scheme: dark')
    const rules = [...read('policies.css').matchAll(/\.cedar-\w+ \{[^}]*?color: var\(--(\w+)\)/g)].map(
      ([, name = '']) => name,
    )
    expect(rules.length).toBeGreaterThanOrEqual(4)
    for (const scheme of [light, light + dark]) {
      for (const ground of ['sunken', 'card']) {
        const worst = Math.min(...rules.map((name) => contrast(colour(scheme, name), colour(scheme, ground))))
        expect(worst).toBeGreaterThanOrEqual(4.5)
      }
    }
  })
})

const read = (name: string) => readFileSync(new URL(`../styles/${name}`, import.meta.url), 'utf8')

const colour = (scheme: string, name: string): string =>
  [...scheme.matchAll(new RegExp(`--${name}: #(\\w{6})`, 'g'))].at(-1)?.[1] ?? ''

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const [less = 0, more = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (more + 0.05) / (less + 0.05)
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
