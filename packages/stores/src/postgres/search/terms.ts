/**
 * The words by which an action is found, blinded to 64 bits each: one list for all filters, so that one index serves them
 * and any several of them together.
 *
 * @module
 */
import {
  type ActionQuery,
  digestKeyword,
  keywordsOf,
  type LineageSubject,
  type Lookup,
  searchable,
} from '@countersign/core'
import type { ActionLife } from '@countersign/schema'

export type Terms = ReturnType<typeof createTerms>

/** Words whose terms are remembered, since most are of every other action; then all are forgotten, and made again. */
const mostRemembered = 20_000
/** What `risk:` is said of an action for each that it reaches. */
const riskSteps = [50, 70, 80, 90, 95, 99]

/** What a query asks of the list of an action. */
export interface Wanted {
  readonly all: readonly Term[]
  /** Of each of these at least one. */
  readonly some: readonly (readonly Term[])[]
  /** Where the terms do not say it exactly. */
  readonly riskAtLeast: number | undefined
}

/** Short enough that an index of millions stays small, long enough that two words hardly ever meet: 64 bits, in hex. */
export type Term = string

export function createTerms(lookup: Lookup) {
  const remembered = new Map<Kind, Map<string, Term>>()
  let size = 0

  const blind = (kind: Kind, value: string): Term => lookup(`term\n${kind}\n${value}`).slice(0, 16)

  function term(kind: Kind, value: string): Term {
    let ofKind = remembered.get(kind)
    const known = ofKind?.get(value)
    if (known !== undefined) return known
    if (size >= mostRemembered) forget()
    size += 1
    ofKind = remembered.get(kind) ?? new Map<string, Term>()
    remembered.set(kind, ofKind)
    const made = blind(kind, value)
    ofKind.set(value, made)
    return made
  }

  function forget(): void {
    remembered.clear()
    size = 0
  }

  return {
    /** Of what is asked for nothing is remembered. */
    blind,

    /** Each once. What no other action has is not remembered: it would drive out what many have. */
    of({ record, approval, outcome }: ActionLife): Set<Term> {
      const { action, dataUse, decision, risk } = record
      const terms = new Set<Term>()
      const digest = digestKeyword(record.digest)
      const is = (kind: Kind, value: string | undefined) => {
        if (value !== undefined) terms.add(term(kind, value))
      }
      const data = (of: readonly { readonly name: string }[] = [], kind: Kind = 'dataset') => {
        for (const { name } of of) is(kind, searchable(name))
      }
      terms.add(blind('action', record.id))
      is('agent', action.agent)
      is('person', action.onBehalfOf)
      is('person', action.startedBy)
      is('verb', action.verb)
      is('operation', action.operation)
      is('environment', action.environment)
      data(dataUse.model && [dataUse.model], 'model')
      is('decision', decision.kind)
      is('outcome', outcome?.kind)
      data(dataUse.reads)
      data(dataUse.writes)
      if (outcome?.kind === 'done') {
        data(outcome.reads)
        data(outcome.writes)
      }
      data(dataUse.destination && [dataUse.destination], 'destination')
      for (const keyword of keywordsOf(record)) {
        if (keyword === digest) terms.add(blind('keyword', keyword))
        else is('keyword', keyword)
      }
      for (const step of riskSteps) if (risk.score >= step) is('risk', String(step))
      if (approval !== undefined) {
        terms.add(blind('approval', approval.id))
        is('question', 'asked')
        is('question', isUnsettled(approval.state) ? undefined : approval.state)
        for (const { person } of approval.signatures) is('signer', person)
      }
      return terms
    },

    asked(query: ActionQuery): Wanted {
      const { concerns, people, signers, riskAtLeast } = query
      const is = (kind: Kind, value: string | undefined) => (value === undefined ? [] : [blind(kind, value)])
      const isOne = (kind: Kind, values: readonly string[] | undefined) =>
        values === undefined ? [] : [values.map((value) => blind(kind, value))]
      const step = riskSteps.findLast((one) => one <= (riskAtLeast ?? 0))
      return {
        all: [
          ...is('agent', query.agent),
          ...is('verb', query.verb),
          ...is('operation', query.operation),
          ...is('environment', query.environment),
          ...is('dataset', query.dataset && searchable(query.dataset)),
          ...is('model', query.model && searchable(query.model)),
          ...is('decision', query.decision),
          ...is('outcome', query.outcome === 'running' ? undefined : query.outcome),
          ...is('approval', query.approval),
          ...is('question', isUnsettled(query.question) ? undefined : query.question),
          ...(query.keywords ?? []).map((keyword) => blind('keyword', keyword)),
          ...is('risk', step?.toString()),
        ],
        some: [
          ...isOne('person', people),
          ...isOne('signer', signers),
          ...(concerns === undefined
            ? []
            : [
                [
                  blind('question', 'asked'),
                  blind('person', concerns.person),
                  ...concerns.agents.map((agent) => blind('agent', agent)),
                ],
              ]),
        ],
        riskAtLeast: riskAtLeast === step ? undefined : riskAtLeast,
      }
    },

    /** Of actions that were done, those that may have flows about it. */
    about(subject: LineageSubject): Wanted {
      const done = blind('outcome', 'done')
      if (subject.kind === 'person') {
        const either = [blind('person', subject.name), blind('signer', subject.name)]
        return { all: [done], some: [either], riskAtLeast: undefined }
      }
      const { kind, name } = subject.kind === 'column' ? { kind: 'dataset' as const, name: subject.dataset } : subject
      return { all: [blind(kind, searchable(name)), done], some: [], riskAtLeast: undefined }
    },
    /** What those have that were done: their flows are counted. */
    done: () => term('outcome', 'done'),

    /** Which agent was permitted what. */
    pair: (agent: string, operation: string) => [term('agent', agent), term('operation', operation)] as const,

    /** Somebody's words may be among those remembered. */
    forget,
  }
}

type Kind =
  | 'action'
  | 'agent'
  | 'person'
  | 'verb'
  | 'operation'
  | 'environment'
  | 'dataset'
  | 'destination'
  | 'model'
  | 'decision'
  | 'outcome'
  | 'approval'
  | 'question'
  | 'signer'
  | 'keyword'
  | 'risk'

/** A question that can still change is found by its row: its action is not written anew at every step. */
export const isUnsettled = (state: ActionQuery['question']): state is 'open' | 'granted' =>
  state === 'open' || state === 'granted'
