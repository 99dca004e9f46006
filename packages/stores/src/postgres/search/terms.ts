/**
 * The words by which an action is found, blinded to 64 bits each: one list for all filters, so that one index serves them
 * and any several of them together.
 *
 * @module
 */
import { type ActionQuery, keywordsOf, type Lookup } from '@countersign/core'
import type { ActionLife } from '@countersign/schema'

export type Terms = ReturnType<typeof createTerms>

/** Words whose terms are remembered, since most are of every other action; then all are forgotten, and made again. */
const mostRemembered = 20_000
/** What `risk:` is said of an action for each that it reaches. */
const riskSteps = [50, 70, 80, 90, 95, 99]

/** What a query asks of the list of an action. */
export interface Wanted {
  readonly all: readonly bigint[]
  /** Of each of these at least one. */
  readonly some: readonly (readonly bigint[])[]
  /** Where the terms do not say it exactly. */
  readonly riskAtLeast: number | undefined
}

/** Short enough that an index of millions stays small, long enough that two words hardly ever meet. */
export function createTerms(lookup: Lookup) {
  const remembered = new Map<string, bigint>()

  const blind = (kind: Kind, value: string): bigint =>
    BigInt.asIntN(64, BigInt(`0x${lookup(`term\n${kind}\n${value}`).slice(0, 16)}`))

  function term(kind: Kind, value: string): bigint {
    const word = `${kind}\n${value}`
    const known = remembered.get(word)
    if (known !== undefined) return known
    if (remembered.size >= mostRemembered) remembered.clear()
    const made = blind(kind, value)
    remembered.set(word, made)
    return made
  }

  return {
    /** Of what is asked for nothing is remembered. */
    blind,

    /** Each once. */
    of({ record, approval, outcome }: ActionLife): bigint[] {
      const { action, dataUse, decision, risk } = record
      const done = outcome?.kind === 'done' ? outcome : undefined
      const data = [...dataUse.reads, ...dataUse.writes, ...(done?.reads ?? []), ...(done?.writes ?? [])]
      const words: [Kind, string | undefined][] = [
        ['agent', action.agent],
        ['person', action.onBehalfOf],
        ['person', action.startedBy],
        ['verb', action.verb],
        ['operation', action.operation],
        ['environment', action.environment],
        ['model', dataUse.model?.name],
        ['decision', decision.kind],
        ['outcome', outcome?.kind],
        ...data.map(({ name }): [Kind, string] => ['dataset', name]),
        ...keywordsOf(record).map((keyword): [Kind, string] => ['keyword', keyword]),
        ...stepsUpTo(risk.score).map((step): [Kind, string] => ['risk', String(step)]),
        ...(approval ? wordsOfApproval(approval) : []),
      ]
      const terms = words.flatMap(([kind, value]) => (value === undefined ? [] : [term(kind, value)]))
      return [...new Set(terms)]
    },

    asked(query: ActionQuery): Wanted {
      const { concerns, people, signers, riskAtLeast } = query
      const is = (kind: Kind, value: string | undefined) => (value === undefined ? [] : [blind(kind, value)])
      const isOne = (kind: Kind, values: readonly string[] | undefined) =>
        values === undefined ? [] : [values.map((value) => blind(kind, value))]
      const step = stepsUpTo(riskAtLeast ?? 0).at(-1)
      return {
        all: [
          ...is('agent', query.agent),
          ...is('verb', query.verb),
          ...is('operation', query.operation),
          ...is('environment', query.environment),
          ...is('dataset', query.dataset),
          ...is('model', query.model),
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

    /** Which agent was permitted what. */
    pair: (agent: string, operation: string) => [term('agent', agent), term('operation', operation)] as const,

    /** Somebody's words may be among those remembered. */
    forget: () => remembered.clear(),
  }
}

type Kind =
  | 'agent'
  | 'person'
  | 'verb'
  | 'operation'
  | 'environment'
  | 'dataset'
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

function wordsOfApproval({ id, state, signatures }: NonNullable<ActionLife['approval']>): [Kind, string | undefined][] {
  return [
    ['approval', id],
    ['question', 'asked'],
    ['question', isUnsettled(state) ? undefined : state],
    ...signatures.map(({ person }): [Kind, string] => ['signer', person]),
  ]
}

const stepsUpTo = (risk: number) => riskSteps.filter((step) => step <= risk)
