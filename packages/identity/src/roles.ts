/**
 * Roles come from two places: a person with the role `identity` gave them, or a group of the identity provider carries
 * them. Neither lets anyone approve.
 *
 * @module
 */
import { type Person, Role } from '@countersign/schema'
import { z } from 'zod'

/** Which groups carry which role: `roles` in the section `identity` of the configuration. */
export const GroupRoles = z
  .partialRecord(Role, z.array(z.string().min(1)).min(1))
  .describe('Groups whose members have a role: `auditor: [internal-audit]`. No role lets anyone approve.')
export type GroupRoles = z.infer<typeof GroupRoles>

export interface RoleSource {
  readonly role: Role
  readonly given: boolean
  readonly groups: readonly string[]
}

/** Every role of this person, and where it comes from. */
export const roleSources = ({ roles, groups }: Pick<Person, 'roles' | 'groups'>, carried: GroupRoles): RoleSource[] =>
  Role.options
    .map((role) => ({
      role,
      given: roles.includes(role),
      groups: (carried[role] ?? []).filter((group) => groups.includes(group)),
    }))
    .filter(({ given, groups: through }) => given || through.length > 0)

/** As they stand in Countersign now: what was given, and what their groups carry. */
export const inOffice = (person: Person, carried: GroupRoles): Person => ({
  ...person,
  roles: roleSources(person, carried)
    .map(({ role }) => role)
    .toSorted(),
})
