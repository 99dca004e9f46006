/**
 * Who did something.
 *
 * @module
 */
import { z } from 'zod'

/**
 * `operator`: whoever may open the socket on the machine, who has no name here. `provisioner`: a service that keeps people
 * and groups in step with a directory. `system`: nobody; Countersign itself, by the clock or by a rule.
 */
export const Actor = z.object({
  kind: z.enum(['person', 'agent', 'operator', 'provisioner', 'system']),
  id: z
    .string()
    .min(1)
    .describe('The person’s, the agent’s or the provisioner’s; `operator` and `system` are their own.'),
})
export type Actor = z.infer<typeof Actor>

export const bySystem: Actor = { kind: 'system', id: 'system' }
export const byOperator: Actor = { kind: 'operator', id: 'operator' }
export const byPerson = (id: string): Actor => ({ kind: 'person', id })
export const byAgent = (id: string): Actor => ({ kind: 'agent', id })
