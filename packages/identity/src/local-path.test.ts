import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { localPath } from './local-path.ts'

describe('where a sign-in returns to', () => {
  it.each<[string | undefined, string]>([
    ['/', '/'],
    ['/inbox/apr_1?from=slack&x=%2F#card', '/inbox/apr_1?from=slack&x=%2F#card'],
    ['/a/../b', '/b'],
    ['/?next=https://evil.example', '/?next=https://evil.example'],
    ['/@evil.example', '/@evil.example'],
    [undefined, '/'],
    ['', '/'],
    ['inbox', '/'],
    ['//evil.example', '/'],
    ['///evil.example', '/'],
    ['/\\evil.example', '/'],
    ['\\\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['/\n/evil.example', '/'],
    [' //evil.example', '/'],
    ['/.//evil.example', '/'],
    ['/..//evil.example', '/'],
    ['/x/..//evil.example', '/'],
    ['/%2e//evil.example', '/'],
    ['https://evil.example', '/'],
    ['https:evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/\u0000', '/'],
    ['/ä', '/'],
    [`/${'a'.repeat(2000)}`, '/'],
  ])('%j leads to %j', (wanted, expected) => {
    expect(localPath(wanted)).toBe(expected)
  })

  it('is always on this deployment, whatever was wanted', () => {
    const piece = fc.constantFrom('/', '\\', '.', '..', '%2e', '//', '@', ':', 'evil.example', '\t', '?', '#', 'https:')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => `/${pieces.join('')}`),
        ),
        (wanted) => {
          expect(new URL(localPath(wanted), 'https://countersign.example').origin).toBe('https://countersign.example')
        },
      ),
    )
  })
})
