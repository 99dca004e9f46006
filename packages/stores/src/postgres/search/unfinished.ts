/**
 * Actions that are still being told of: most end within the same batch of entries, and are then written once, whole.
 *
 * @module
 */
import { stepsOf, type StepKind } from '@countersign/core'
import type { ActionLife, Entry, FactOf } from '@countersign/schema'
import type { Places } from './lives.ts'

export interface Begun {
  readonly places: Places
  readonly life: ActionLife
}

/** What an entry adds to what was known. */
type Step = (one: Begun) => Begun

/** What a page of entries says of others than those that are held. */
export interface Told {
  /** Actions that began before, or took somebody else's question: they have to be read. */
  readonly changed: Set<string>
  /** Ends of those: of one that has no row (`commit/runs.ts`) nothing but its entry tells for certain. */
  readonly ends: Map<string, Step>
  /** By agent and action: who was permitted something. */
  readonly permitted: (readonly [agent: string, action: string])[]
  erased: boolean
}

/** Running for so long, an action is written before it has ended, so that it can be found. */
const ripeMs = 1_000
/** More that run are not held: the oldest are written, and once more when they end. */
export const mostHeld = 10_000

/** `held` has afterwards what is to be written or waited for, by its ids. */
export function tell(held: Map<string, Begun>, page: readonly Entry[]): Told {
  const told: Told = { changed: new Set(), ends: new Map(), permitted: [], erased: false }
  for (const { index, at, fact } of page) {
    for (const step of stepsOf(fact)) {
      if (step.kind === 'erased') continue
      const say = sayings[step.kind] as Saying<StepKind> | undefined
      say?.(step, { index, at, held, told })
    }
  }
  return told
}

interface Said extends Pick<Entry, 'index' | 'at'> {
  readonly held: Map<string, Begun>
  readonly told: Told
}
type Saying<Kind extends StepKind> = (fact: FactOf<Kind>, said: Said) => void

/** What is said of an action; by other kinds nothing is. */
const sayings: { readonly [Kind in StepKind]?: Saying<Kind> } = {
  'action.decided': ({ record }, { index, at, held }) => {
    held.set(record.id, {
      places: { entry: index, permit: null, ended: null, approval: null },
      life: { record, at },
    })
  },
  'approval.changed': ({ approval }, said) =>
    void more(said, approval.actionId, ({ places, life }) => {
      const other = life.permit?.approval
      if (other !== undefined && other !== approval.id) return undefined
      return { places: { ...places, approval: said.index }, life: { ...life, approval } }
    }),
  'action.permitted': ({ permit }, said) => {
    said.told.permitted.push([permit.agent, permit.actionId])
    more(said, permit.actionId, ({ places, life }) => {
      if (permit.approval !== undefined && permit.approval !== life.approval?.id) return undefined
      return { places: { ...places, permit: said.index }, life: { ...life, permit, permittedAt: said.at } }
    })
  },
  'action.finished': ({ outcome, actionId }, said) => {
    const end = ({ places, life }: Begun): Begun => ({
      places: { ...places, ended: said.index },
      life: { ...life, outcome, finishedAt: said.at },
    })
    if (!more(said, actionId, end)) said.told.ends.set(actionId, end)
  },
  'record.erased': (_, { told }) => {
    told.erased = true
  },
}

/** False where it has to be read. */
function more({ held, told }: Said, id: string, add: (one: Begun) => Begun | undefined): boolean {
  const known = held.get(id)
  const next = known && add(known)
  if (next !== undefined) held.set(id, next)
  else {
    held.delete(id)
    told.changed.add(id)
  }
  return next !== undefined
}

/** Those of which no more is waited for: ended, or may not run, or wait for people, or run for long. */
export function ripeOf(held: ReadonlyMap<string, Begun>, now: number): Begun[] {
  const all = [...held.values()]
  const ripe = all.filter((one) => isRipe(one, now))
  const tooMany = all.length - ripe.length - mostHeld
  return tooMany <= 0 ? ripe : [...ripe, ...all.filter((one) => !isRipe(one, now)).slice(0, tooMany)]
}

const isRipe = ({ life: { permit, permittedAt = 0, outcome, approval } }: Begun, now: number): boolean =>
  permit === undefined || outcome !== undefined || approval !== undefined || now - permittedAt >= ripeMs
