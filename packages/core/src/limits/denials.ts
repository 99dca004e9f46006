/**
 * Denials: each is in the record, and no agent fills the disk with them.
 *
 * @module
 */
import { type ActionRecord, bySystem, type DataUse, type DenyReason, type FactOf } from '@countersign/schema'
import { canonical } from '../action/canonical.ts'
import { sha256Hex } from '../action/digest.ts'
import type { Store } from '../ports.ts'
import { createFloods, type Floods } from './floods.ts'

export interface DenialLimit {
  /** Of one credential within `withinMs`; those beyond are summed up, and refused as too many. */
  readonly denied?: number
  readonly withinMs: number
}

/**
 * Of one credential in ten minutes, where the configuration says nothing; those beyond are summed up and refused as
 * too many.
 */
const usuallyDenied = 60
/**
 * Of a denied action's parameters, in UTF-16 units of their canonical form; larger ones are kept by their hash: they
 * did not run.
 */
const longestParameters = 8 << 10
/** Data named of a denied action, read and written each; it touched none of them, so the rest is left out. */
const mostDataNamed = 50

export function createDenials(
  store: Pick<Store, 'clock' | 'commit'>,
  { denied = usuallyDenied, withinMs }: DenialLimit = { withinMs: 10 * 60_000 },
): Floods<ActionRecord> {
  return createFloods<ActionRecord, Brief>({
    store,
    most: denied,
    withinMs,
    alone: (record) => ({ kind: 'action.decided', record: bounded(record) }),
    brief: ({ action: { agent, onBehalfOf }, attempt: { credential }, decision }) => ({
      who: { agent, credential, ...(onBehalfOf !== undefined && { onBehalfOf }) },
      reason: decision.kind === 'deny' ? decision.reason : 'no_grant',
    }),
    summed,
  })
}

interface Brief {
  readonly who: Pick<FactOf<'record.denied'>, 'agent' | 'credential' | 'onBehalfOf'>
  readonly reason: DenyReason
}

function summed(all: readonly [Brief, ...Brief[]], from: number, to: number): FactOf<'record.denied'> {
  const reasons: Partial<Record<DenyReason, number>> = {}
  for (const { reason } of all) reasons[reason] = (reasons[reason] ?? 0) + 1
  return { kind: 'record.denied', by: bySystem, ...all[0].who, count: all.length, reasons, from, to }
}

/** The digest stays that of the whole action. */
function bounded(record: ActionRecord): ActionRecord {
  const { action, dataUse } = record
  const text = canonical(action.parameters)
  if (text.length <= longestParameters) return { ...record, dataUse: cut(dataUse) }
  const omitted = { sha256: sha256Hex(text), sizeBytes: Buffer.byteLength(text) }
  return { ...record, action: { ...action, parameters: { 'countersign:omitted': omitted } }, dataUse: cut(dataUse) }
}

const cut = (dataUse: DataUse): DataUse => ({
  ...dataUse,
  reads: dataUse.reads.slice(0, mostDataNamed),
  writes: dataUse.writes.slice(0, mostDataNamed),
})
