/**
 * Actions that are still being told of: most end within the same batch of entries, and are then written once, whole.
 *
 * @module
 */
import type { ActionLife, Entry } from '@countersign/schema'
import type { Places } from './lives.ts'

export interface Begun {
  readonly places: Places
  readonly life: ActionLife
}

/** What a page of entries says, after what was said before it. */
export interface Told {
  /** By their ids. */
  readonly begun: ReadonlyMap<string, Begun>
  /** Actions that began before, or took somebody else's question: they have to be read. */
  readonly changed: ReadonlySet<string>
  /** By agent and action: who was permitted something. */
  readonly permitted: readonly (readonly [agent: string, action: string])[]
  readonly erased: boolean
}

/** Running for so long, an action is written before it has ended, so that it can be found. */
const ripeMs = 1_000

export function tell(before: ReadonlyMap<string, Begun>, page: readonly Entry[]): Told {
  const begun = new Map(before)
  const changed = new Set<string>()
  const permitted: [string, string][] = []
  let erased = false

  for (const { index, at, fact } of page) {
    switch (fact.kind) {
      case 'action.decided':
        begun.set(fact.record.id, {
          places: { entry: index, permit: null, ended: null, approval: null },
          life: { record: fact.record, at },
        })
        break
      case 'approval.changed': {
        const { approval } = fact
        more(approval.actionId, ({ places, life }) => {
          const other = life.permit?.approval
          if (other !== undefined && other !== approval.id) return undefined
          return { places: { ...places, approval: index }, life: { ...life, approval } }
        })
        break
      }
      case 'action.permitted': {
        const { permit } = fact
        permitted.push([permit.agent, permit.actionId])
        more(permit.actionId, ({ places, life }) => {
          if (permit.approval !== undefined && permit.approval !== life.approval?.id) return undefined
          return { places: { ...places, permit: index }, life: { ...life, permit, permittedAt: at } }
        })
        break
      }
      case 'action.finished': {
        const { outcome, actionId } = fact
        more(actionId, ({ places, life }) => ({
          places: { ...places, ended: index },
          life: { ...life, outcome, finishedAt: at },
        }))
        break
      }
      case 'record.erased':
        erased = true
        break
      case 'action.replayed':
      case 'agent.changed':
      case 'erased':
      case 'deployment.founded':
      case 'person.changed':
      case 'policy.activated':
      case 'record.denied':
      case 'record.read':
      case 'signature.refused':
      case 'tool.changed':
        break
    }
  }
  return { begun, changed, permitted, erased }

  function more(id: string, add: (one: Begun) => Begun | undefined): void {
    const known = begun.get(id)
    const next = known && add(known)
    if (next !== undefined) return void begun.set(id, next)
    begun.delete(id)
    changed.add(id)
  }
}

/** Nothing is to be waited for: it has ended, or may not run, or waits for people, or runs for long. */
export const isRipe = ({ life: { permit, permittedAt = 0, outcome, approval } }: Begun, now: number): boolean =>
  permit === undefined || outcome !== undefined || approval !== undefined || now - permittedAt >= ripeMs
