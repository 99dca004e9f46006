/**
 * What was sent and what was answered, as those who sent it remember it. The instance is measured against this.
 *
 * @module
 */

import type { AgentId } from '@countersign/demo'

/** `read`, `small`, `note`: allowed over HTTP; a note changes something. `held`, `large`: one or two signatures. `file`, `write`: the same over MCP. */
export type Work = 'read' | 'small' | 'note' | 'held' | 'large' | 'file' | 'write'

/** One thing that an agent wants done once, however often it has to say so. */
export interface Errand {
  readonly ref: string
  readonly work: Work
  readonly agent: AgentId
  readonly rows: number
  /** Idempotency-Key, sent along every time. */
  readonly key: string | undefined
  /** Nobody at work answers its question, or collects it. */
  ignored: boolean
  /** How many questions or allowances it may at most lead to. */
  decisions: number
  sent: number
  /** The question it waits for, or waited for last. */
  approval: string | undefined
  shown: string | undefined
  readonly told: Told[]
  readonly clicks: Click[]
  /**
   * Whether the database's clock has gone on by hours since it was first answered: then its question, its grant and its
   * run are over. `perhaps`: it was under way when that clock was set.
   */
  aged: 'no' | 'perhaps' | 'over'
}

export interface Told {
  /** The gateway of the instance it was sent to. */
  readonly address: string
  readonly sentAt: number
  readonly at: number
  /**
   * `begun`: the answer began and broke off. `lost`: nothing was heard. `unavailable`: the instance said try again.
   * `late`: it said that the permit came too late, and nothing was run.
   */
  readonly kind:
    | 'ran'
    | 'replayed'
    | 'done'
    | 'waiting'
    | 'rejected'
    | 'refused'
    | 'unavailable'
    | 'late'
    | 'begun'
    | 'lost'
  readonly approval?: string | undefined
  /** The company's number for the run, as the answer told it. */
  readonly serial?: number | undefined
  readonly says?: string
}

export interface Click {
  readonly person: string
  readonly verdict: 'approve' | 'reject'
  readonly approval: string | undefined
  /** Undefined while nobody has answered it. */
  status: number | undefined
  state: string | undefined
}

export interface Book {
  readonly errands: Map<string, Errand>
  /** What else leaves a trace in the ledger: tried, and known to have worked. */
  readonly traces: { signIns: Tries; starts: Tries; switches: Tries; gets: number }
  open(work: Work, how?: { keyless?: boolean; ignored?: boolean; agent?: AgentId }): Errand
}

interface Tries {
  tried: number
  done: number
}

/** The agent that is stopped and started: it has no other work. */
export const mayBeStopped: AgentId = 'ml-bot'

const none = (): Tries => ({ tried: 0, done: 0 })

const rowsOf: Readonly<Record<Work, number>> = {
  read: 5,
  small: 500,
  note: 1,
  held: 5_000,
  large: 200_000,
  file: 0,
  write: 0,
}

export function createBook(): Book {
  const errands = new Map<string, Errand>()
  return {
    errands,
    traces: { signIns: none(), starts: none(), switches: none(), gets: 0 },
    open(
      work,
      {
        keyless = false,
        ignored = false,
        agent = work === 'file' || work === 'write' ? 'ops-bot' : 'finance-bot',
      } = {},
    ) {
      const ref = `${work}-${errands.size + 1}.`
      const errand: Errand = {
        ref,
        work,
        agent,
        rows: rowsOf[work],
        key: keyless || !['small', 'held', 'large'].includes(work) ? undefined : `key-${ref}`,
        ignored,
        decisions: 1,
        sent: 0,
        approval: undefined,
        shown: undefined,
        told: [],
        clicks: [],
        aged: 'no',
      }
      errands.set(ref, errand)
      return errand
    },
  }
}

export const wasTold = ({ told }: Errand, ...kinds: readonly Told['kind'][]): boolean =>
  told.some(({ kind }) => kinds.includes(kind))

/** The instance has said what became of it. */
export const isAcknowledged = ({ kind }: Told): boolean => kind !== 'lost' && kind !== 'unavailable' && kind !== 'late'

/** From `at` on it is hours later, or earlier, which ends nothing. */
export function age({ errands }: Book, at: number, way: 'forward' | 'back'): void {
  for (const errand of errands.values()) {
    const before = errand.told.some((told) => told.at < at)
    if (before && way === 'back') continue
    if (errand.aged === 'no' && isAsked(errand)) errand.decisions += 1 // asked again, it is a new question
    if (before) errand.aged = 'over'
    else if (errand.aged === 'no') errand.aged = 'perhaps'
  }
}

/** The client knows that it was decided. */
export const mustBeDecided = (errand: Errand): boolean =>
  mustBePermitted(errand) ||
  wasTold(errand, 'waiting', 'rejected') ||
  (wasTold(errand, 'refused') && errand.agent !== mayBeStopped)

/** The client knows that it ran or may have run. */
export const mustBePermitted = (errand: Errand): boolean => wasTold(errand, 'ran', 'replayed', 'done', 'begun')

export const isAsked = ({ work }: Errand): boolean => work === 'held' || work === 'large' || work === 'write'

/** The answer of the one click that settled the question, if the clicker heard it. */
export const settledAs = (errand: Errand, question = errand.approval): 'granted' | 'rejected' | undefined => {
  const states = errand.clicks.filter(({ approval }) => approval === question).map(({ state }) => state)
  return (['granted', 'rejected'] as const).find((state) => states.includes(state))
}

/** Reads the reference out of an action's sentence. */
export const refIn = (sentence: string): string =>
  /(?:read|small|note|held|large|file|write)-\d+\./.exec(sentence)?.[0] ?? ''
