import { describe, expect, it } from 'vitest'
import { founderRoles, mayFound, openFounding } from './founding.ts'
import { personAfterSignIn, withRoles } from './people.ts'

const account = {
  issuer: 'https://sso.example',
  subject: '00u1',
  name: 'Ben',
  email: 'ben@acme.example',
  groups: ['finance'],
  groupsPresent: true,
}

describe('a person after signing in', () => {
  const first = personAfterSignIn(undefined, account, 100)

  it('is new the first time, with groups as of now and no role', () => {
    expect(first).toMatchObject({ version: 1, issuer: account.issuer, subject: '00u1', groups: ['finance'] })
    expect(first).toMatchObject({ groupsAsOf: 100, active: true, roles: [] })
    expect(first.id).toMatch(/^per_/)
  })

  it('is the same person with another name and email, and keeps the roles', () => {
    const known = withRoles(first, ['policy', 'auditor', 'policy'])
    const later = personAfterSignIn(known, { ...account, name: 'Benjamin', email: 'b@acme.example', groups: [] }, 200)
    expect(later).toMatchObject({ id: first.id, version: 3, name: 'Benjamin', groups: [], groupsAsOf: 200 })
    expect(later.roles).toEqual(['auditor', 'policy'])
  })

  it('has no groups when they are unknown, not those of last time', () => {
    const later = personAfterSignIn(first, { ...account, groups: ['stale'], groupsPresent: false }, 200)
    expect(later.groups).toEqual([])
  })

  it.each([
    ['someone who left', { ...first, active: false }, account],
    ['another subject with the same email', first, { ...account, subject: '00u2' }],
    ['the same subject at another issuer', first, { ...account, issuer: 'https://other.example' }],
  ])('is not %s', (_, known, other) => {
    expect(() => personAfterSignIn(known, other, 200)).toThrow(expect.objectContaining({ code: 'ERR_SIGN_IN_FAILED' }))
  })
})

describe('the founding link', () => {
  const { founding, token } = openFounding({ now: () => 1000 })
  const inTime = { founded: false, now: 1000 }

  it.each<[string, boolean, Parameters<typeof mayFound>]>([
    ['makes an administrator', true, [founding, token, inTime]],
    ['works for a quarter of an hour', true, [founding, token, { founded: false, now: 1000 + 15 * 60_000 - 1 }]],
    ['and no longer', false, [founding, token, { founded: false, now: 1000 + 15 * 60_000 }]],
    ['works in a deployment that is not founded, only', false, [founding, token, { founded: true, now: 1000 }]],
    ['needs its token', false, [founding, 'x'.repeat(43), inTime]],
    ['is not opened by what Countersign keeps of it', false, [founding, founding.hash, inTime]],
    ['has to exist', false, [undefined, token, inTime]],
    ['has to exist, also for nothing', false, [undefined, '', inTime]],
  ])('%s', (_, expected, call) => {
    expect(mayFound(...call)).toBe(expected)
  })

  it('keeps a hash of 32 random bytes', () => {
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(JSON.stringify(founding)).not.toContain(token)
    expect(founderRoles).toContain('identity')
  })
})
