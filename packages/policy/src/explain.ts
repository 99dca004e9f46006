/**
 * Why policy answers as it does, and what would change the answer. Everything said here has been tried.
 *
 * @module
 */
import { decide, type PolicyNote, type PolicyQuestion, type PolicySet } from '@countersign/core'
import type { Decision } from '@countersign/schema'
import type { CedarPolicySet } from './set.ts'

export interface Explanation {
  readonly decision: Decision
  /** What it comes down to, in a sentence. */
  readonly says: string
  readonly policies: readonly Pick<PolicyNote, 'id' | 'kind' | 'doc' | 'owner' | 'text'>[]
  /** Changes of one thing each, all else equal, that give another answer. */
  readonly changes: readonly Change[]
}

export interface Change {
  readonly change: string
  readonly answer: string
}

export interface ExplainOptions {
  /** Groups to try the agent in. */
  readonly agentGroups?: readonly string[]
}

export function explain(
  set: CedarPolicySet,
  question: PolicyQuestion,
  { agentGroups = [] }: ExplainOptions = {},
): Explanation {
  const decision = answerTo(set, question)
  const policies = decision.because.flatMap((id) => set.policy(id) ?? [])
  return {
    decision,
    says: sentenceOf(decision),
    policies: policies.map(({ id, kind, doc, owner, text }) => ({ id, kind, doc, owner, text })),
    changes: changesOf(set, question, agentGroups),
  }
}

const answerTo = (set: PolicySet, question: PolicyQuestion) => decide(set, [question], question.context.risk)

const denials = {
  prohibited: 'A prohibition matched; nobody can lift it',
  no_grant: 'No policy permits it',
  evaluation_error: 'The policies could not be evaluated, so the answer is no',
  agent_stopped: 'The agent is stopped',
  person_inactive: 'The person it acts for is switched off',
  too_many_denials: 'Too many attempts of this agent were denied',
  too_many_questions: 'The agent has too many open questions',
  purpose_missing: 'A purpose has to be given',
  mode_not_enforcing: 'It has to come through a gateway that runs it itself',
  obligation_not_kept: 'A duty comes with it that the gateway cannot keep',
} as const

function sentenceOf(decision: Decision): string {
  switch (decision.kind) {
    case 'allow':
      return 'It runs at once: a policy permits it, and nothing asks for a signature.'
    case 'ask':
      return `It waits for people: ${decision.terms.signOffs.map(({ quorum, from }) => `${quorum} of ${from.join(', ')}`).join(', and ')}.`
    case 'deny':
      return `${denials[decision.reason]}.`
  }
}

function changesOf(set: CedarPolicySet, question: PolicyQuestion, agentGroups: readonly string[]): Change[] {
  const now = wordOf(answerTo(set, question))
  const tried = [
    ...withoutEach(set, question),
    ...agentGroups.filter((group) => !question.agent.groups.includes(group)).map(inGroup),
    ...circumstances(question),
    ...amounts(set, question),
  ]
  return tried
    .map(({ change, under = set, as = question }) => ({ change, answer: wordOf(answerTo(under, as)) }))
    .filter(({ answer }) => answer !== now)

  function inGroup(group: string): Trial {
    const agent = { ...question.agent, groups: [...question.agent.groups, group] }
    return { change: `the agent in ${group}`, as: { ...question, agent } }
  }
}

interface Trial {
  readonly change: string
  readonly under?: PolicySet
  readonly as?: PolicyQuestion
}

function withoutEach(set: CedarPolicySet, question: PolicyQuestion): Trial[] {
  const auto = set.evaluate('auto', question)
  const matched = auto.kind === 'deny' ? auto.by : []
  const alone = matched.map((id) => ({ change: `without ${id}`, under: set.without([id]) }))
  if (matched.length < 2) return alone
  return [...alone, { change: `without ${matched.join(' and ')}`, under: set.without(matched) }]
}

function circumstances(question: PolicyQuestion): Trial[] {
  const { action, context } = question
  const { destination } = context.dataUse
  const trials: (Trial | false)[] = [
    action.environment !== 'dev' && {
      change: 'in dev',
      as: { ...question, action: { ...action, environment: 'dev' } },
    },
    action.environment !== 'prod' && {
      change: 'in prod',
      as: { ...question, action: { ...action, environment: 'prod' } },
    },
    action.mode !== 'enforcing' && {
      change: 'through an enforcing gateway',
      as: { ...question, action: { ...action, mode: 'enforcing' } },
    },
    !context.purposeGiven && { change: 'with a purpose', as: withContext(question, { purposeGiven: true }) },
    { change: 'on a Wednesday at 11', as: withContext(question, { when: { hour: 11, weekday: 3 } }) },
    destination?.outside === true && {
      change: 'to a destination inside',
      as: withDataUse(question, { destination: { ...destination, outside: false } }),
    },
    destination?.outside === false && {
      change: 'to a destination outside',
      as: withDataUse(question, { destination: { ...destination, outside: true } }),
    },
  ]
  return trials.filter((trial) => trial !== false)
}

/** The largest number up to which the answer is another one; found by halving, and true where it is said. */
function amounts(set: CedarPolicySet, question: PolicyQuestion): Trial[] {
  const { risk, measures } = question.context
  const withRows = (rows: number) => withContext(question, { measures: { ...measures, rows } })
  const withBytes = (bytes: number) => withContext(question, { measures: { ...measures, bytes } })
  const withRisk = (score: number) => withContext(question, { risk: score })
  return [
    ...upTo('rows', measures.rows ?? Number.MAX_SAFE_INTEGER, withRows),
    ...upTo('bytes', measures.bytes ?? Number.MAX_SAFE_INTEGER, withBytes),
    ...upTo('risk', risk, withRisk),
  ]

  function upTo(name: string, now: number, as: (amount: number) => PolicyQuestion): Trial[] {
    const answer = wordOf(answerTo(set, question))
    const differs = (amount: number) => wordOf(answerTo(set, as(amount))) !== answer
    if (now === 0 || !differs(0)) return []
    let [other, same] = [0, now]
    while (same - other > 1) {
      const middle = other + Math.floor((same - other) / 2)
      if (differs(middle)) other = middle
      else same = middle
    }
    return [{ change: `with ${name} ${other}`, as: as(other) }]
  }
}

const withContext = (question: PolicyQuestion, changed: Partial<PolicyQuestion['context']>): PolicyQuestion => ({
  ...question,
  context: { ...question.context, ...changed },
})

const withDataUse = (
  question: PolicyQuestion,
  changed: Partial<PolicyQuestion['context']['dataUse']>,
): PolicyQuestion => withContext(question, { dataUse: { ...question.context.dataUse, ...changed } })

function wordOf(decision: Decision): string {
  switch (decision.kind) {
    case 'allow':
      return 'allow'
    case 'ask':
      return `ask: ${decision.terms.signOffs.map(({ id }) => id).join(', ')}`
    case 'deny':
      return `deny: ${decision.reason}`
  }
}
