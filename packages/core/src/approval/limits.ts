import type { Action } from '@countersign/schema'
import type { Store } from '../ports.ts'

/** How many questions one agent may put, per person it acts for, before people stop reading them. */
export interface Limits {
  readonly open: number
  readonly asked: number
  readonly withinMs: number
  /** Of one credential: denials beyond are summed up, and refused as too many. */
  readonly denied?: number
}

const defaults: Limits = { open: 20, asked: 60, withinMs: 10 * 60_000 }

/** Whether one more question would be too many. */
export async function tooMany(
  store: Pick<Store, 'approvals'>,
  { agent, onBehalfOf }: Action,
  now: number,
  limits: Limits = defaults,
): Promise<boolean> {
  const { open, asked } = await store.approvals.count({ agent, onBehalfOf }, now - limits.withinMs)
  return open >= limits.open || asked >= limits.asked
}
