/**
 * What the API says of people, and of the roles by which they run Countersign.
 *
 * @module
 */
import { z } from 'zod'
import { Account, Role } from '../agent.ts'
import { Moment, Named } from './api.ts'

/** A role, and where it comes from: given by a person, or by the groups that the configuration names. */
export const RoleView = z.object({
  role: Role,
  given: z.boolean().describe('Someone gave it, and someone may take it.'),
  groups: z.array(z.string()).describe('Groups of theirs that carry it, as configured.'),
})
export type RoleView = z.infer<typeof RoleView>

export const PersonView = Named.extend({
  email: z.string().optional(),
  issuer: z.string(),
  subject: z.string(),
  active: z.boolean(),
  local: z.boolean().describe('One of the local people: no identity provider says who they are.'),
  groups: z.array(z.string()),
  groupsAsOf: Moment,
  groupsTrouble: z.string().optional().describe('Why all or some of their groups could not be read then.'),
  signedInAt: Moment.optional().describe('Absent for those who never signed in.'),
  roles: z.array(RoleView),
  accounts: z
    .array(
      Account.extend({
        linkedBy: z.string().describe('A person’s id, or `operator`.'),
        linkedAt: Moment,
        confirmed: z.boolean().describe('By the person. Until then it answers nothing, and is told of nothing.'),
      }),
    )
    .describe('Accounts at chat providers by which they answer.'),
  agents: z.array(Named).describe('Those they answer for.'),
  you: z.object({
    same: z.boolean().describe('This is you.'),
    mayChangeRoles: z.boolean(),
    mayEndSessions: z.boolean().describe('Of yourself: all but the one you look through.'),
    mayLink: z.boolean().describe('An account to them, or one from them.'),
    maySwitch: z.boolean().describe('Off, so that they cannot come in, and on again.'),
  }),
})
export type PersonView = z.infer<typeof PersonView>

export const PersonList = z.object({ items: z.array(PersonView) })
export type PersonList = z.infer<typeof PersonList>

export const ActivityInput = z.strictObject({ active: z.boolean() })
export type ActivityInput = z.infer<typeof ActivityInput>

export const AccountInput = Account.extend({ change: z.enum(['link', 'unlink']) }).strict()
export type AccountInput = z.infer<typeof AccountInput>

/** What a person says of an account that was linked to them. Refused, it is linked to nobody. */
export const OwnAccountInput = Account.extend({ change: z.enum(['confirm', 'refuse']) }).strict()
export type OwnAccountInput = z.infer<typeof OwnAccountInput>

export const RoleInput = z.strictObject({ role: Role, change: z.enum(['give', 'take']) })
export type RoleInput = z.infer<typeof RoleInput>
