/**
 * What has to hold of the record of any approvals, whoever raced whom.
 *
 * @module
 */
import { type Step, stepsOf } from '@countersign/core'
import type { Actor, Approval, ApprovalState, Countersignature, Entry, FactOf, PermitRecord } from '@countersign/schema'
import { expect } from 'vitest'
import { serves } from './approval-model.ts'
import { barred } from './two-desks-cast.ts'

const drawing: Readonly<Record<ApprovalState, readonly ApprovalState[]>> = {
  open: ['open', 'granted', 'rejected', 'expired', 'cancelled', 'voided'],
  granted: ['spent', 'expired', 'cancelled', 'voided'],
  spent: [],
  rejected: [],
  expired: [],
  cancelled: [],
  voided: [],
}

type Changed = FactOf<'approval.changed'>

export function keepsItsPromises(entries: readonly Entry[], ran: readonly number[]): void {
  const facts = entries.flatMap(({ fact }) => stepsOf(fact))
  const changes = facts.filter((fact) => fact.kind === 'approval.changed')
  const permits = facts.flatMap((fact) => (fact.kind === 'action.permitted' ? [fact.permit] : []))
  expect(permits).toHaveLength(ran.length)
  const spent = permits.flatMap(({ approval }) => approval ?? [])
  expect(new Set(spent).size).toBe(spent.length) // one grant, one permit
  runsOnce(facts)

  const gone = new Set<string>()
  const live = new Map<string, string>()
  const last = new Map<string, Approval>()
  for (const { fact, at: writtenAt } of entries) {
    if (fact.kind === 'person.changed' && !fact.person.active) gone.add(fact.person.id)
    if (fact.kind !== 'approval.changed') continue
    const { approval } = fact
    follows(last.get(approval.id), fact, writtenAt, gone)
    last.set(approval.id, approval)
    if (approval.state === 'open' || approval.state === 'granted') {
      expect(live.get(approval.digest) ?? approval.id).toBe(approval.id) // one question per action
      live.set(approval.digest, approval.id)
    } else live.delete(approval.digest)
  }
  for (const approval of spent) expect(last.get(approval)?.state).toBe('spent')
  expect(changes.filter(({ approval }) => approval.state === 'spent')).toHaveLength(spent.length)
}

/** C1: nothing runs beside a run of the same that may be lost, nor while the answer of one is still to be handed out. */
function runsOnce(facts: readonly Step[]): void {
  const open = new Map<string, { permit: PermitRecord; ended: boolean }>()
  for (const fact of facts) {
    if (fact.kind === 'action.permitted') {
      const { permit } = fact
      const same = [...open.values()].filter((one) => one.permit.asked === permit.asked)
      for (const { permit: other, ended } of same) {
        expect([ended, other.node, other.approval, permit.approval]).toEqual([false, permit.node, undefined, undefined])
      }
      open.set(permit.id, { permit, ended: false })
    }
    if (fact.kind === 'action.finished') {
      const run = open.get(fact.permit)
      if (fact.delivered) open.delete(fact.permit)
      else if (run) run.ended = true
    }
    if (fact.kind === 'action.replayed') open.delete(fact.permit)
  }
}

function follows(
  before: Approval | undefined,
  { approval, by }: Changed,
  now: number,
  gone: ReadonlySet<string>,
): void {
  if (before === undefined)
    return expect([approval.version, approval.state, approval.signatures]).toEqual([1, 'open', []])
  expect(approval.version).toBe(before.version + 1)
  expect(drawing[before.state]).toContain(approval.state)
  for (const same of ['digest', 'shown', 'card', 'barred', 'askedAt', 'expiresAt'] as const) {
    expect(approval[same]).toEqual(before[same])
  }
  expect(approval.signatures.slice(0, before.signatures.length)).toEqual(before.signatures)
  const [signature, ...more] = approval.signatures.slice(before.signatures.length)
  expect(more).toEqual([])
  if (signature) mayCount(signature, before, { by, now, gone })
  if (approval.state === 'granted' || approval.state === 'spent') isCovered(approval, gone)
  if (approval.state === 'spent' && before.state === 'granted') expect(now).toBeLessThan(before.validUntil)
  if (approval.state === 'rejected') expect(signature?.verdict).toBe('reject')
}

function mayCount(
  { person: who, digest, shown }: Countersignature,
  before: Approval,
  { by, now, gone }: { by: Actor; now: number; gone: ReadonlySet<string> },
): void {
  expect([who, digest, shown]).toEqual([by.id, before.digest, before.shown])
  expect(barred).not.toContain(who)
  expect(before.signatures.map((one) => one.person)).not.toContain(who)
  expect(gone).not.toContain(who)
  expect(now).toBeLessThan(before.expiresAt)
}

/** Two controllers and one of legal, all distinct people, and when it is spent all of them still here. */
function isCovered({ state, signatures, terms }: Approval, gone: ReadonlySet<string>): void {
  const counted = state === 'spent' ? signatures.filter((one) => !gone.has(one.person)) : signatures
  expect(signatures.every(({ verdict }) => verdict === 'approve')).toBe(true)
  expect(new Set(counted.map((one) => one.person)).size).toBe(counted.length)
  expect(serves({ signed: counted, escalated: terms.signOffs.some(({ escalated }) => escalated) })).toBe(true)
}
