/**
 * The run that an attempt says it is part of, as a model's tool calls are part of the model call.
 *
 * @module
 */
import type { ActionRecord } from '@countersign/schema'
import { CountersignError } from '../errors.ts'
import type { Attempt, Store } from '../ports.ts'

/**
 * It has to be under way, of the same agent for the same people: nobody hangs what they do on somebody else's run.
 *
 * @throws ERR_PARENT_UNKNOWN
 */
export async function parentOf(
  { permits, actions, clock }: Pick<Store, 'permits' | 'actions' | 'clock'>,
  { caller, context }: Attempt,
): Promise<ActionRecord['parent']> {
  if (context.parent === undefined) return undefined
  const life = await permits.get(context.parent)
  const isUnderWay = life !== undefined && !life.outcome && clock.now() <= life.permit.deadline
  const [whole] = isUnderWay ? await actions.lives([life.permit.actionId]) : []
  const { agent, onBehalfOf, startedBy } = whole?.record.action ?? {}
  if (!life || agent !== caller.agent.id || onBehalfOf !== caller.onBehalfOf || startedBy !== caller.startedBy) {
    throw new CountersignError('ERR_PARENT_UNKNOWN', { parent: context.parent })
  }
  return { permit: life.permit.id, actionId: life.permit.actionId }
}
