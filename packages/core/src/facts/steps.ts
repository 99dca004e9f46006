/**
 * An action that policy allows is decided and permitted in one fact, so that running it takes two entries and not three.
 * Whoever reads facts asks here for the steps that one tells, and knows of no other shape.
 *
 * @module
 */
import type { ActionRecord, Entry, FactOf, PermitRecord } from '@countersign/schema'

type Told = Entry['fact']
/** What happened, one thing at a time. Steps of one entry stand at the same place and time. */
export type Step = Exclude<Told, FactOf<'action.allowed'>>
export type StepKind = Exclude<Step['kind'], 'erased'>

/** What this tells, in order. */
export const stepsOf = (fact: Told): readonly Step[] => (fact.kind === 'action.allowed' ? stepsIn(fact) : [fact])

/** The permit as one that stands alone would say it. */
export const permitIn = (fact: Allowed): PermitRecord => stepsIn(fact)[1].permit

function stepsIn(fact: Allowed): AllowedSteps {
  const known = told.get(fact)
  if (known !== undefined) return known
  const steps: AllowedSteps = [
    { kind: 'action.decided', record: fact.record },
    { kind: 'action.permitted', permit: wholePermit(fact) },
  ]
  told.set(fact, steps)
  return steps
}

type Allowed = FactOf<'action.allowed'>
type AllowedSteps = readonly [FactOf<'action.decided'>, FactOf<'action.permitted'>]

/** Whoever looks at a fact asks for its steps, and many look at each. */
const told = new WeakMap<Allowed, AllowedSteps>()

/** What this tells of that kind, if anything. */
export function stepOf<Kind extends StepKind>(fact: Told | undefined, kind: Kind): FactOf<Kind> | undefined {
  const steps = fact === undefined ? [] : stepsOf(fact)
  return steps.find((step) => step.kind === kind) as FactOf<Kind> | undefined
}

/** The one fact for both; `permit` is one for exactly this record, and under no approval. */
export function allowedFact(record: ActionRecord, permit: PermitRecord): FactOf<'action.allowed'> {
  const { actionId: _a, asked: _d, approval: _n, agent: _g, attempt: _t, policyVersion: _v, ...own } = permit
  return { kind: 'action.allowed', record, permit: own }
}

/** Node 20 takes twenty times as long to spread it. */
const wholePermit = ({ record, permit }: Allowed): PermitRecord =>
  Object.assign(
    {
      actionId: record.id,
      asked: record.digest,
      agent: record.action.agent,
      attempt: record.attempt,
      policyVersion: record.decision.policyVersion,
    },
    permit,
  )
