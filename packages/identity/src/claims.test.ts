import { describe, expect, it } from 'vitest'
import { readClaims } from './claims.ts'

describe('groups in a token', () => {
  const base = { sub: 'x', iat: 1_700_000_000 }
  it.each<[string, Record<string, unknown>, object]>([
    ['a list', { groups: ['b', 'a', 'b'] }, { groups: ['a', 'b'], groupsPresent: true }],
    ['an empty list', { groups: [] }, { groups: [], groupsPresent: true }],
    ['none', {}, { groups: [], groupsPresent: false, groupsMissing: 'absent' }],
    [
      'Entra’s overage',
      { _claim_names: { groups: 'src1' } },
      { groups: [], groupsPresent: false, groupsMissing: 'overage' },
    ],
    [
      'Entra’s overage, with a list all the same',
      { groups: ['a'], _claim_names: { groups: 'src1' } },
      { groups: [], groupsMissing: 'overage' },
    ],
    ['Entra’s short overage', { hasgroups: true }, { groups: [], groupsMissing: 'overage' }],
    [
      'overage of another claim',
      { groups: ['a'], _claim_names: { roles: 'src1' } },
      { groups: ['a'], groupsPresent: true },
    ],
    ['Entra’s overage, as JSON in a text', { _claim_names: '{"groups":"src1"}' }, { groupsMissing: 'overage' }],
  ])('%s', (_, claims, expected) => {
    expect(readClaims({ ...base, ...claims }, 'groups')).toMatchObject(expected)
  })

  const long = 'x'.repeat(201)
  it.each<[string, unknown, string[], RegExp | undefined]>([
    ['a text is a list of one', 'admins', ['admins'], undefined],
    ['a text with a comma and a space too', 'admins, ops', ['admins, ops'], undefined],
    ['objects with a name', [{ name: 'b' }, { name: 'a', path: '/a' }], ['a', 'b'], undefined],
    ['objects as SCIM has them', [{ value: 'g1', display: 'Admins' }, { display: 'ops' }], ['g1', 'ops'], undefined],
    ['one object', { name: 'admins' }, ['admins'], undefined],
    ['an empty member', ['a', '', ' '], ['a'], /^the claim groups: 2 of its 3 members cannot be read \(empty\)$/],
    ['a member that is too long', ['a', long], ['a'], /1 of its 2 members .*longer than 200 characters/],
    ['a number among texts', ['a', 1], ['a'], /1 of its 2 members .*a number/],
    ['null, a list and an object among texts', ['a', null, ['b'], {}], ['a'], /null, a list, an object without a name/],
    ['an object with a name that is none', ['a', { name: 7 }, { name: '' }], ['a'], /2 of its 3/],
  ])('D1: %s', (_, groups, expected, trouble) => {
    const read = readClaims({ ...base, groups }, 'groups')
    expect(read).toMatchObject({ groups: expected, groupsPresent: true })
    if (trouble) expect(read.groupsTrouble).toMatch(trouble)
    else expect(read).not.toHaveProperty('groupsTrouble')
  })

  it('D1: of more than 2000 the first count, and it is said', () => {
    const groups = Array.from({ length: 2001 }, (_, at) => `g${at + 1000}`)
    const read = readClaims({ ...base, groups }, 'groups')
    expect(read.groups).toEqual(groups.slice(0, 2000))
    expect(read.groupsTrouble).toBe('the claim groups: of its 2001 members the first 2000 count')
  })

  it.each<[string, unknown, string, RegExp]>([
    ['null is absence', null, 'absent', /groups is null/],
    ['only numbers', [1], 'unreadable', /1 of its 1 members cannot be read \(a number\)/],
    ['a number', 7, 'unreadable', /is a number/],
    ['an empty text', '', 'unreadable', /is empty/],
    ['one text that is too long', long, 'unreadable', /longer than 200/],
    ['an object of objects', { admins: { '1': 'acme' } }, 'unreadable', /an object without a name/],
    ['a truth value', true, 'unreadable', /is a boolean/],
  ])('D1: none are read, and the reason is kept, from %s', (_, groups, groupsMissing, trouble) => {
    const read = readClaims({ ...base, groups }, 'groups')
    expect(read).toMatchObject({ groups: [], groupsPresent: false, groupsMissing })
    expect(read.groupsTrouble).toMatch(trouble)
  })

  it('D1: say why they are unknown where the claim is not there, or Entra left it out', () => {
    expect(readClaims(base, 'groups').groupsTrouble).toBe('the ID token has no claim groups')
    expect(readClaims({ ...base, hasgroups: true }, 'groups').groupsTrouble).toMatch(/too many/)
  })

  it('D1: overage of the claim groups leaves another claim alone', () => {
    expect(readClaims({ ...base, hasgroups: true, roles: ['a'] }, 'roles')).toMatchObject({ groups: ['a'] })
  })

  it('are read from the claim that is configured', () => {
    expect(readClaims({ ...base, roles: ['a'] }, 'roles')).toMatchObject({ groups: ['a'] })
  })
})

it('a name cannot carry control or bidirectional characters', () => {
  expect(readClaims({ sub: 'x', iat: 1, name: 'Ben\u202E\u0007neB' }, 'groups').name).toBe('Ben  neB')
})

describe('claims that are not what they should be', () => {
  const base = { sub: 'x', iat: 1_700_000_000, groups: [] }
  it.each<[string, Record<string, unknown>, string[]]>([
    ['a number as acr', { acr: 1 }, ['the claim acr is a number, not text']],
    ['null, which is absence', { acr: null, amr: null, auth_time: null, name: null, email: null }, []],
    ['a text as amr', { amr: 'pwd' }, ['the claim amr is a text of 3 characters, not a list of texts']],
    ['numbers in amr', { amr: [1] }, ['the claim amr is a list, not a list of texts']],
    [
      'a text as auth_time',
      { auth_time: '17' },
      [`the claim auth_time is a text of 2 characters, not seconds since 1970`],
    ],
    ['auth_time in milliseconds', { auth_time: 1.7e12 }, [`the claim auth_time is a number, not seconds since 1970`]],
    ['a text as email_verified', { email_verified: 'true' }, []],
    ['an object as name', { name: { given: 'Ben' } }, ['the claim name is an object, not text']],
    ['a list as email', { email: ['ben@acme.example'] }, ['the claim email is a list, not text']],
  ])('D4: are left out with a word: %s', (_, claims, remarks) => {
    const read = readClaims({ ...base, ...claims }, 'groups')
    expect(read.remarks ?? []).toEqual(remarks)
    expect(read).toMatchObject({ subject: 'x', name: 'x' })
    for (const key of ['acr', 'amr', 'authTime', 'email']) expect(read).not.toHaveProperty(key)
  })

  const subject = 'text of 1 to 255 characters'
  it.each<[string, unknown, Parameters<typeof readClaims>[2], string]>([
    ['no sub', { iat: 1 }, [], 'the ID token has no claim sub'],
    ['a number as sub', { sub: 7, iat: 1 }, [], `the claim sub is a number, not ${subject}`],
    ['an empty sub', { sub: '', iat: 1 }, [], `the claim sub is empty, not ${subject}`],
    ['a long sub', { sub: 'x'.repeat(256), iat: 1 }, [], `the claim sub is a text of 256 characters, not ${subject}`],
    ['a text as iat', { sub: 'x', iat: '17' }, [], 'the claim iat is a text of 2 characters, not seconds since 1970'],
    ['no acr where it was asked for', base, ['acr'], 'the ID token has no claim acr'],
    ['a number as acr where it was asked for', { ...base, acr: 1 }, ['acr'], 'the claim acr is a number, not text'],
    [
      'null as auth_time where it was asked for',
      { ...base, auth_time: null },
      ['auth_time'],
      'the claim auth_time is null, not seconds since 1970',
    ],
    ['no claims at all', null, [], 'the ID token has no claim sub'],
  ])('D4: are named where identity rests on them: %s', (_, claims, needed, why) => {
    const read = () => readClaims(claims, 'groups', needed)
    expect(read).toThrow(expect.objectContaining({ code: 'ERR_SIGN_IN_FAILED', detail: { kind: 'token', why } }))
  })
})
