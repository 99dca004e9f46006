import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { everything, inboxPath, isRefined, type Listed, listedIn, listPath, markIn } from './listed.ts'

describe('what the inbox lists', () => {
  it.each<[Partial<Listed>, string]>([
    [{}, 'open&limit=50'],
    [{ whose: 'mine' }, 'open&limit=50&mine=true'],
    [{ whose: 'groups', search: 'finance & co' }, 'open&limit=50&asked=true&search=finance%20%26%20co'],
    [{ tab: 'settled', whose: 'mine' }, 'all&limit=50'],
  ])('asks the server for %j', (listed, expected) => {
    expect(listPath({ ...everything, ...listed })).toBe(`/api/approvals?state=${expected}`)
  })

  it.each<[Partial<Listed>, string | undefined, string]>([
    [{}, undefined, '/'],
    [{}, 'apr_1', '/?at=apr_1'],
    [{ whose: 'mine', search: 'a & b' }, 'alike-0f', '/?whose=mine&search=a+%26+b&at=alike-0f'],
    [{ tab: 'settled' }, undefined, '/?state=settled'],
  ])('%j with a mark at %s stands at an address', (listed, mark, expected) => {
    const path = inboxPath({ ...everything, ...listed }, mark)
    expect(path).toBe(expected)
    expect(markIn(path.slice(1))).toBe(mark)
  })

  it('an address leads back to what was listed', () => {
    const listed = fc.record<Listed>({
      tab: fc.constantFrom('open', 'settled'),
      whose: fc.constantFrom('mine', 'groups', 'all'),
      search: fc.string({ unit: 'grapheme', maxLength: 60 }).map((search) => search.trim()),
    })
    fc.assert(
      fc.property(listed, (each) => {
        expect(listedIn(inboxPath(each).slice(1))).toEqual(each)
      }),
    )
  })

  it.each(['?state=odd&whose=nobody', '?at=../../api', '?at=%3Cb%3E', ''])('%s asks for everything', (address) => {
    expect(listedIn(address)).toEqual(everything)
    expect(markIn(address)).toBeUndefined()
  })

  it('bounds a search that somebody else wrote', () => {
    expect(listedIn(`?search=${'x'.repeat(9_000)}`).search).toHaveLength(200)
  })

  it.each<[string, string, boolean]>([
    ['', 'f', false],
    ['f', 'fi', true],
    ['fi', '', false],
    ['fi', 'fi', false],
  ])('from “%s” to “%s” is typing on: %s', (before, after, refined) => {
    expect(isRefined({ ...everything, search: before }, { ...everything, search: after })).toBe(refined)
  })
})
