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
    ['text', { groups: 'admins' }, { groups: [], groupsPresent: false, groupsMissing: 'unreadable' }],
    ['numbers', { groups: [1] }, { groups: [], groupsPresent: false, groupsMissing: 'unreadable' }],
  ])('%s', (_, claims, expected) => {
    expect(readClaims({ ...base, ...claims }, 'groups')).toMatchObject(expected)
  })

  it('are read from the claim that is configured', () => {
    expect(readClaims({ ...base, roles: ['a'] }, 'roles')).toMatchObject({ groups: ['a'] })
  })
})

it('a name cannot carry control or bidirectional characters', () => {
  expect(readClaims({ sub: 'x', iat: 1, name: 'Ben\u202E\u0007neB' }, 'groups')?.name).toBe('Ben  neB')
})
