import type { Store } from '@countersign/core'
import type { PolicyUse } from '@countersign/schema'
import { moment } from '../front/route.ts'

/**
 * Actions looked through to say how policies are used, so that a request's work is bounded; what was left out is said.
 */
const mostActions = 2_000
const dayMs = 86_400_000

type Tally = { allow: number; ask: number; deny: number }
const nothing = (): Tally => ({ allow: 0, ask: 0, deny: 0 })

/** Counts the newest actions of the last `days` by what their decision rested on. */
export async function policyUse(store: Pick<Store, 'actions'>, now: number, days: number): Promise<PolicyUse> {
  const from = now - days * dayMs
  const byDay = new Map<string, Tally>()
  for (let day = 0; day <= days; day += 1) byDay.set(dayOf(from + day * dayMs), nothing())
  const byPolicy = new Map<string, Tally & { lastAt: string }>()

  let actions = 0
  let after: string | undefined
  do {
    const page = await store.actions.search({ from, limit: 500, after })
    for (const { at, record } of page.items) {
      const { kind, because } = record.decision
      actions += 1
      const day = byDay.get(dayOf(at))
      if (day) day[kind] += 1
      for (const id of because) {
        const tally = byPolicy.get(id) ?? { ...nothing(), lastAt: moment(at) }
        tally[kind] += 1
        byPolicy.set(id, tally)
      }
    }
    after = page.next
  } while (after !== undefined && actions < mostActions)

  return {
    from: moment(from),
    to: moment(now),
    actions,
    more: after !== undefined,
    days: [...byDay].map(([day, tally]) => ({ day, ...tally })),
    policies: [...byPolicy]
      .map(([id, tally]) => ({ id, ...tally }))
      .toSorted((one, other) => sum(other) - sum(one) || (one.id < other.id ? -1 : 1)),
  }
}

const sum = ({ allow, ask, deny }: Tally): number => allow + ask + deny

const dayOf = (at: number): string => moment(at).slice(0, 10)
