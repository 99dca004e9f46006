import type { Person } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GroupRoles, inOffice, roleSources } from './roles.ts'

const ana: Person = {
  id: 'per_1',
  version: 3,
  issuer: 'https://id.example',
  subject: 'ana',
  name: 'Ana',
  groups: ['on-call', 'audit'],
  groupsAsOf: 1,
  active: true,
  roles: ['policy', 'auditor'],
}

describe('the roles of a person', () => {
  it('are those that were given and those that their groups carry, each with where it comes from', () => {
    const carried = { operations: ['on-call', 'platform'], auditor: ['audit'], privacy: ['dpo'] }
    expect(roleSources(ana, carried)).toEqual([
      { role: 'policy', given: true, groups: [] },
      { role: 'operations', given: false, groups: ['on-call'] },
      { role: 'auditor', given: true, groups: ['audit'] },
    ])
    expect(inOffice(ana, carried)).toEqual({ ...ana, roles: ['auditor', 'operations', 'policy'] })
  })

  it('never change the groups, which alone say who signs', () => {
    const role = fc.constantFrom('policy', 'identity', 'operations', 'auditor', 'privacy')
    const groups = fc.array(fc.string({ minLength: 1 }), { minLength: 1 })
    fc.assert(
      fc.property(fc.dictionary(role, groups), groups, (carried, theirs) => {
        const after = inOffice({ ...ana, groups: theirs }, GroupRoles.parse(carried))
        return after.groups === theirs && ana.roles.every((each) => after.roles.includes(each))
      }),
    )
  })

  it('of a name that is no role are refused', () => {
    expect(GroupRoles.safeParse({ approver: ['finance'] }).success).toBe(false)
  })
})
