/**
 * A question to people: asked, signed, granted, spent. Nobody signs their own (P3), nobody twice (P5), and of one
 * action one question waits at a time.
 *
 * @module
 */
import type { Approval } from '@countersign/schema'
import { count, person, word } from '../ledger/words.ts'
import type { Keys } from './keys.ts'
import { conflict, type Law, type Slot } from './law.ts'
import { actionOf, actor, decisionOf, delegationOf, people, policyOf, riskOf } from './leaf-parts.ts'
import { type ApprovalRow, isPending, signatureKey } from './world.ts'

export const changed: Law<'approval.changed'> = {
  subject: ({ approval }) => subjectOf(approval),
  stream: ({ approval }, blind) => ({ stream: word(approval.id, blind), sequence: approval.version }),
  about: ({ approval }) => ({ action: approval.actionId, approval: approval.id }),

  leaf({ by, approval, signature }, blind, lists) {
    const { action, dataUse } = approval.card.bound
    const signers = approval.signatures.map((each) => each.person)
    return {
      actor: actor(by, blind),
      agent: word(action.agent, blind),
      delegation: delegationOf(action, blind),
      action: actionOf(action, approval.digest, dataUse, blind, lists),
      approval: word(approval.id, blind),
      state: approval.state,
      requesters: people('requesters', approval.barred, blind, lists),
      signers: people('signers', signers, blind, lists),
      signature: signature && {
        by: person(signature.person, blind),
        verdict: signature.verdict,
        assurance: signature.assurance,
        channel: word(signature.channel, blind),
        local: signature.local,
        shown: blind(signature.shown),
      },
      policy: policyOf(approval.decision, blind, lists),
      risk: riskOf(approval.card.advisory.risk, lists),
      decision: decisionOf(approval.decision),
      expires: count(approval.expiresAt),
      permit: approval.state === 'spent' ? { id: word(approval.permit, blind) } : undefined,
      causes: [word(approval.actionId, blind)],
    }
  },

  touches: ({ approval }, keys) => ({ approvals: [approval.id], pending: [keys.digest(approval.digest)] }),

  apply({ approval, signature }, slot, { world, draft, keys }) {
    const stored = world.approvals.get(approval.id)
    if (approval.version !== (stored?.version ?? 0) + 1) return conflict({ approval: approval.id })

    const row = approvalRow(approval, stored, slot, keys)
    const other = world.pending.get(row.digestKey)
    if (isPending(row.state) && other !== undefined && other !== row.id) return conflict({ approval: other })

    const signers = approval.signatures.map((each) => each.person)
    if (signature !== undefined && !signers.includes(signature.person)) signers.push(signature.person)
    if (signers.some((signer) => row.barred.includes(signer))) return { code: 'ERR_SELF_APPROVAL', detail: row.id }
    const known = (signer: string) => world.signatures.has(signatureKey(row.id, signer))
    if (new Set(signers).size < signers.length || (signature !== undefined && known(signature.person))) {
      return { code: 'ERR_APPROVAL_SIGNED_TWICE', detail: row.id }
    }

    for (const given of signature === undefined ? approval.signatures : [...approval.signatures, signature]) {
      if (known(given.person)) continue
      const { person: signer, verdict, at } = given
      draft.set(world.signatures, signatureKey(row.id, signer), { approval: row.id, person: signer, verdict, at })
    }
    draft.set(world.approvals, row.id, row)
    if (isPending(row.state)) draft.set(world.pending, row.digestKey, row.id)
    else if (other === row.id) draft.remove(world.pending, row.digestKey)
    return undefined
  },
}

/** A click that was refused is the record of whoever clicked. */
export const signatureRefused: Law<'signature.refused'> = {
  subject: ({ by }) => by.id,
  stream: () => ({ stream: 'system', sequence: undefined }),
  about: ({ approval }) => ({ approval }),
  leaf: ({ by, approval, code, channel, times }, blind) => ({
    actor: actor(by, blind),
    approval: word(approval, blind),
    signature: { refused: word(code, blind), channel: word(channel, blind), times: count(times) },
    causes: [word(approval, blind)],
  }),
}

function subjectOf({ card }: Approval): string {
  const { onBehalfOf, agent } = card.bound.action
  return onBehalfOf ?? agent
}

function approvalRow(approval: Approval, stored: ApprovalRow | undefined, { index }: Slot, keys: Keys): ApprovalRow {
  const { agent, onBehalfOf } = approval.card.bound.action
  return {
    id: approval.id,
    version: approval.version,
    state: approval.state,
    digestKey: keys.digest(approval.digest),
    action: approval.actionId,
    agent,
    onBehalfOf: onBehalfOf ?? null,
    barred: [...new Set([...(stored?.barred ?? []), ...approval.barred])],
    askedAt: approval.askedAt,
    dueAt: dueAt(approval) ?? null,
    askedEntry: stored?.askedEntry ?? index,
    entry: index,
  }
}

function dueAt(approval: Approval): number | undefined {
  switch (approval.state) {
    case 'open':
      return Math.min(approval.expiresAt, approval.escalateAt ?? Infinity)
    case 'granted':
      return approval.validUntil
    case 'spent':
    case 'rejected':
    case 'expired':
    case 'cancelled':
    case 'voided':
      return undefined
  }
}
