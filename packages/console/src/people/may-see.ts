import type { Me } from '@countersign/schema'

/** Who is shown the list of people; everyone else would be refused it. */
export const maySeePeople = ({ roles }: Pick<Me, 'roles'>): boolean =>
  roles.some((role) => rolesThatSeePeople.includes(role))

export const rolesThatSeePeople: Me['roles'] = ['identity', 'operations', 'auditor', 'policy', 'privacy']
