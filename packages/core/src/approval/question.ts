import type { ActionRecord, Agent, Card, OpenApproval } from '@countersign/schema'
import type { SealedAction } from '../action/seal.ts'
import { newId } from '../id.ts'
import { ask } from './approval.ts'
import { requesterChain } from './barred.ts'

/** Opens the question for an action that policy asks about: the card people are shown, and who may not sign. */
export function questionOf(sealed: SealedAction, record: ActionRecord, agent: Agent, now: number): OpenApproval {
  const { decision } = record
  if (decision.kind !== 'ask') throw new TypeError('only an ask has a question')
  const { dataUse, measures, sentence, purpose, risk, client } = record
  const { terms, obligations } = decision
  const card: Card = {
    bound: { action: sealed.action, dataUse, measures, terms, obligations },
    advisory: { sentence, ...(purpose && { purpose }), risk, client, askedAt: now, team: agent.team },
  }
  return ask(
    {
      id: newId('apr'),
      actionId: record.id,
      sealed,
      card,
      decision,
      terms,
      team: agent.team,
      barred: requesterChain(sealed.action, agent, now),
    },
    now,
  )
}
