/**
 * What must be so after every restart. Each finding is a sentence; none means that it held.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ActionSummary } from '@countersign/schema'
import type { LedgerReport } from '@countersign/core/verify'
import {
  type Book,
  type Errand,
  isAsked,
  mayBeStopped,
  mustBeDecided,
  mustBePermitted,
  settledAs,
  wasTold,
} from './book.ts'
import type { Run } from './company.ts'
import type { DeploymentRecord } from './record.ts'

export interface Evidence {
  readonly book: Book
  readonly record: DeploymentRecord
  readonly runs: readonly Run[]
  /** Where tools write. */
  readonly folder: string
  readonly storms: readonly Storm[]
  /** When the record was read. */
  readonly readAt: number
}

/** An outcome is written after the answer; this is plenty for it, also where much else runs. */
export const outcomeWithinMs = 3_000

/** A time in which what was answered may have lost its outcome: it is written after the answer. */
export interface Storm {
  readonly from: number
  readonly to: number
}

export type Check = (evidence: Evidence) => string[]

/** P2, P14: in this order they are printed when one fails. */
export const checks: Readonly<Record<string, Check>> = {
  'every acknowledged action is in the record, once': ({ book, record }) =>
    each(book, (errand) => {
      const count = livesOf(errand, record).length
      if (count === 0 && mustBeDecided(errand)) return 'was acknowledged and is not in the record'
      const most = Math.max(errand.decisions, 1 + orphansOf(errand, record)) + neverBegunOf(errand, record)
      return count > most ? `is in the record ${count} times` : undefined
    }),

  'the record holds nothing that nobody sent': ({ book, record }) =>
    [...record.actions.keys()].filter((ref) => !book.errands.has(ref)).map((ref) => `${ref} was never sent`),

  'every acknowledged run has its permit': ({ book, record }) =>
    each(book, (errand) =>
      mustBePermitted(errand) && permitted(errand, record) === 0 ? 'was said to run and has no permit' : undefined,
    ),

  'nothing ran at the company without a permit': ({ book, record, runs }) => [
    ...runs.filter(({ ref }) => !permittedAt(ref, record)).map(({ ref }) => `${ref} ran without a permit`),
    ...runs.filter(({ ref, rows }) => book.errands.get(ref)?.rows !== rows).map(({ ref }) => `${ref} ran as another`),
  ],

  'no file was written without a permit': ({ book, record, folder }) =>
    each(book, (errand) =>
      errand.work === 'write' && existsSync(join(folder, `${errand.ref}txt`)) && permitted(errand, record) === 0
        ? 'was written without a permit'
        : undefined,
    ),

  'nothing ran twice': ({ book, runs }) => {
    const counts = new Map<string, number>()
    for (const { ref } of runs) counts.set(ref, (counts.get(ref) ?? 0) + 1)
    return each(book, ({ ref }) => ((counts.get(ref) ?? 0) > 1 ? `ran ${counts.get(ref)} times` : undefined))
  },

  'nobody was refused what policy allows or people may grant': ({ book }) =>
    each(book, ({ told, aged, agent }) =>
      aged !== 'no' || agent === mayBeStopped ? undefined : told.find(({ kind }) => kind === 'refused')?.says,
    ),

  'every grant was spent at most once': ({ book, record }) =>
    each(book, (errand) => {
      const spent = questionsOf(errand, record).filter(({ state }) => state === 'spent').length
      const runs = permitted(errand, record)
      return isAsked(errand) && runs !== spent ? `has ${runs} permits and ${spent} spent grants` : undefined
    }),

  'questions that nobody answered are still open': ({ book, record }) =>
    each(book, (errand) => {
      if (errand.approval === undefined || errand.clicks.some(({ approval }) => approval === errand.approval)) {
        return undefined
      }
      const state = questionOf(errand, record)?.state
      return state === 'open' || (errand.aged !== 'no' && state === 'expired')
        ? undefined
        : `was open, nobody answered, and it is ${state ?? 'gone'}`
    }),

  'every acknowledged answer of a person stands': ({ book, record }) =>
    each(book, (errand) => {
      const lasting = {
        granted: ['granted', 'spent', ...(errand.aged === 'no' ? [] : ['expired'])],
        rejected: ['rejected'],
      }
      for (const approval of new Set(errand.clicks.map((click) => click.approval))) {
        const settled = settledAs(errand, approval)
        const { state = 'gone' } = questionsOf(errand, record).find(({ id }) => id === approval) ?? {}
        if (settled && !lasting[settled].includes(state)) return `was ${settled} and is ${state}`
      }
      return undefined
    }),

  'no run is closed as unknown before its deadline': ({ book, record }) =>
    each(book, (errand) =>
      errand.aged === 'no' && livesOf(errand, record).some(({ outcome }) => outcome?.kind === 'unknown')
        ? 'was closed as unknown'
        : undefined,
    ),

  'runs whose time is over are closed as unknown': ({ book, record, storms, readAt }) =>
    each(book, (errand) =>
      errand.aged === 'over' && calmSince(storms, readAt) && running(errand, record) > 0 ? 'runs on' : undefined,
    ),

  'runs that had time to end have their outcome': ({ book, record, storms, readAt }) =>
    each(book, (errand) => {
      const calm = errand.told.some(
        ({ kind, at }) =>
          kind === 'ran' && at < readAt - outcomeWithinMs && !storms.some(({ from, to }) => at >= from && at <= to),
      )
      return calm && running(errand, record) > 0 ? 'ended, and its outcome is not in the record' : undefined
    }),
}

/** Nothing was struck for as long as outcomes take. */
const calmSince = (storms: readonly Storm[], readAt: number): boolean =>
  storms.every(({ to }) => to < readAt - outcomeWithinMs)

const each = ({ errands }: Book, find: (errand: Errand) => string | undefined): string[] =>
  [...errands.values()].flatMap((errand) => {
    const says = find(errand)
    return says === undefined ? [] : [`${errand.ref} ${says}; told ${errand.told.map(({ kind }) => kind).join(', ')}`]
  })

export const livesOf = ({ ref }: Errand, { actions }: DeploymentRecord): readonly ActionSummary[] =>
  actions.get(ref) ?? []
const questionsOf = ({ ref }: Errand, { questions }: DeploymentRecord) => questions.get(ref) ?? []

/** The one that its agent was told of. */
export const questionOf = (errand: Errand, record: DeploymentRecord) =>
  questionsOf(errand, record).find(({ id }) => id === errand.approval)

const hasPermit = ({ outcome }: ActionSummary) => outcome !== undefined
const permitted = (errand: Errand, record: DeploymentRecord) => livesOf(errand, record).filter(hasPermit).length
const permittedAt = (ref: string, { actions }: DeploymentRecord) => (actions.get(ref) ?? []).some(hasPermit)

/** Permits without an outcome. */
export const running = (errand: Errand, record: DeploymentRecord): number =>
  livesOf(errand, record).filter(({ outcome }) => outcome?.kind === 'running').length

/**
 * Runs that were permitted, and of which nobody will ever know how they ended. Without a key the same, sent again, is a
 * new question, for people to judge.
 */
export const orphansOf = (errand: Errand, record: DeploymentRecord): number =>
  errand.key === undefined ? running(errand, record) : 0

/** Permits under which nothing was sent, for certain: the same, sent again, is judged anew. */
export const neverBegunOf = (errand: Errand, record: DeploymentRecord): number =>
  livesOf(errand, record).filter(
    ({ outcome }) => outcome?.kind === 'failed' && /^(?:nothing was (?:run|sent)|not begun)/i.test(outcome.summary),
  ).length

/** What `@modelcontextprotocol/server-filesystem` offers, in the version that is installed: each is pinned once. */
const toolsOfFiles = 14

/** How many entries of each type there must be, and how many there may be at most. */
function boundsOf({ errands, traces }: Book): Record<string, { least: number; most: number }> {
  const all = [...errands.values()]
  const count = (so: (errand: Errand) => boolean) => all.filter(so).length
  const sum = (of: (errand: Errand) => number) => all.reduce((total, errand) => total + of(errand), 0)
  const runnable = (errand: Errand) => !isAsked(errand) || errand.clicks.some(({ verdict }) => verdict === 'approve')
  const answered = sum(({ clicks }) => clicks.filter(({ status }) => status === 200).length)
  const clicked = sum(({ clicks }) => clicks.length)
  const stopped = count((errand) => errand.agent === mayBeStopped && wasTold(errand, 'refused'))
  const anew = sum(({ decisions }) => decisions - 1)
  return {
    'action.allowed': {
      least: count((errand) => !isAsked(errand) && mustBeDecided(errand)),
      most: sum((errand) => (isAsked(errand) ? 0 : errand.decisions)),
    },
    'action.decided': {
      least: count((errand) => isAsked(errand) && mustBeDecided(errand)),
      most: sum((errand) => (isAsked(errand) ? errand.decisions : 0)) + stopped,
    },
    'action.permitted': {
      least: count((errand) => isAsked(errand) && mustBePermitted(errand)),
      most: count((errand) => isAsked(errand) && runnable(errand)) + anew,
    },
    'action.finished': { least: 0, most: count(runnable) + anew },
    'action.replayed': { least: 0, most: sum(({ sent }) => sent) },
    'approval.asked': {
      least: count((errand) => wasTold(errand, 'waiting')),
      most: sum((errand) => (isAsked(errand) ? errand.decisions : 0)),
    },
    'approval.spent': {
      least: count((errand) => isAsked(errand) && mustBePermitted(errand)),
      most: count((errand) => isAsked(errand) && runnable(errand)),
    },
    'approval.answered': { least: answered, most: clicked },
    'approval.expired': { least: 0, most: count((errand) => errand.aged !== 'no' && isAsked(errand)) },
    'signature.refused': { least: 0, most: clicked },
    'person.signed-in': { least: traces.signIns.done, most: traces.signIns.tried },
    switched: { least: traces.switches.done, most: traces.switches.tried },
    'policy.activated': { least: traces.starts.done, most: traces.starts.tried },
    'record.read': { least: 0, most: traces.gets },
    'tool.pinned': { least: 0, most: toolsOfFiles },
    founding: { least: 8, most: 8 },
  }
}

/** Types that are counted together. */
const together: readonly (readonly [name: string, types: readonly string[]])[] = [
  ['approval.answered', ['approval.signed', 'approval.granted', 'approval.rejected']],
  ['switched', ['agent.stopped', 'agent.started']],
  ['founding', ['deployment.founded', 'person.roles', 'agent.registered']],
]

/** Nothing acknowledged is missing from the ledger, and nothing is in it that was never sent. */
export function weigh(book: Book, { size, counts }: LedgerReport): { findings: string[]; least: number; most: number } {
  const bounds = boundsOf(book)
  const seen = new Map<string, number>()
  for (const [type, count] of Object.entries(counts)) {
    const name = together.find(([, types]) => types.includes(type))?.[0] ?? type
    seen.set(name, (seen.get(name) ?? 0) + count)
  }
  const findings = [...new Set([...seen.keys(), ...Object.keys(bounds)])].flatMap((name) => {
    const { least, most } = bounds[name] ?? { least: 0, most: 0 }
    const count = seen.get(name) ?? 0
    return count < least || count > most ? [`${count} of ${name}, where ${least} to ${most} are possible`] : []
  })
  const total = (end: 'least' | 'most') => Object.values(bounds).reduce((sum, bound) => sum + bound[end], 0)
  const [least, most] = [total('least'), total('most')]
  if (size < least || size > most) findings.push(`${size} entries, where ${least} to ${most} are possible`)
  return { findings, least, most }
}
