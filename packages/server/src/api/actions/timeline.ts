/**
 * An action's life in sentences, one for each step that an entry of the ledger tells.
 *
 * @module
 */
import { type Step, stepsOf } from '@countersign/core'
import type { Entry, FactOf, TimelineEntry } from '@countersign/schema'
import type { Names } from '../front/names.ts'
import { moment } from '../front/route.ts'

export const timeline = (entries: readonly Entry[], names: Names): Promise<TimelineEntry[]> =>
  Promise.all(
    entries.flatMap(({ index, id, at, fact }) =>
      stepsOf(fact).map(async (step) => {
        const by = 'by' in step ? await names.actor(step.by) : undefined
        return { index, id, type: typeOf(fact), at: moment(at), words: wordsOf(step), ...(by && { by }) }
      }),
    ),
  )

type Told = Entry['fact']

const typeOf = (fact: Told): string =>
  fact.kind === 'approval.changed' ? `approval.${fact.change}` : fact.kind === 'erased' ? fact.was : fact.kind

const wordsOf = (step: Step): string => (words[step.kind] as (step: Step) => string)(step)

type Words = { readonly [Kind in Step['kind']]: (step: Extract<Step, { kind: Kind }>) => string }

const words = {
  erased: () => 'What was recorded here has been erased. Its place in the ledger stands.',
  'action.decided': ({ record }) => decided(record),
  'approval.changed': changed,
  'signature.refused': ({ channel, code, times }) =>
    times === undefined
      ? `A signature over ${channel} was refused: ${code}.`
      : `${times} signatures over ${channel} were refused: ${code}.`,
  'action.permitted': ({ permit }) => permitted(permit),
  'action.finished': finished,
  'action.replayed': () => 'The same attempt came again and was given the answer of this run. Nothing ran twice.',
  'agent.changed': ({ change }) => `The agent was ${change}.`,
  'person.changed': ({ change }) => `A person ${change}.`,
  'tool.changed': ({ tool, change }) => `The tool ${tool.id} was ${change}.`,
  'policy.activated': () => 'Policies were activated.',
  'deployment.founded': () => 'The deployment was founded.',
  'record.denied': ({ count }) => `${count} more attempts of this agent were denied.`,
  'record.erased': ({ entries }) => `Records were erased: ${entries} entries can be read no more.`,
  'record.read': ({ what }) => `Records were read: ${what}.`,
} satisfies Words

function decided({ decision, risk, observed, parent }: FactOf<'action.decided'>['record']): string {
  const within = parent ? `, within the run of ${parent.permit}` : ''
  const at = `risk ${risk.score}, policies ${decision.because.join(', ') || 'none'}${within}`
  if (observed) return `Policy would ask (${at}), but only observes here.`
  switch (decision.kind) {
    case 'allow':
      return `Policy allows it (${at}).`
    case 'ask':
      return `Policy asks people (${at}).`
    case 'deny':
      return `Policy denies it: ${decision.reason.replaceAll('_', ' ')} (${at}).`
  }
}

function changed({ change, approval, signature }: FactOf<'approval.changed'>): string {
  const because = 'because' in approval ? `: ${approval.because}` : ''
  const signed = signature
    ? `${signature.verdict === 'approve' ? 'Approved' : 'Rejected'} (${signature.assurance})`
    : ''
  switch (change) {
    case 'asked':
      return 'People were asked.'
    case 'signed':
      return `${signed}. More people have to approve.`
    case 'granted':
      return `${signed || 'Approved'}. Every sign-off is served.`
    case 'rejected':
      return `${signed || 'Rejected'}. It will not run.`
    case 'escalated':
      return 'Escalated: further people may approve.'
    case 'expired':
      return 'It expired. No answer is a no.'
    case 'cancelled':
      return `Cancelled${because}.`
    case 'voided':
      return `Voided${because}.`
    case 'spent':
      return 'The approval was spent.'
  }
}

function permitted({ approval, handed }: FactOf<'action.permitted'>['permit']): string {
  const permit = handed ? 'a permit that was handed to the client, which runs it itself' : 'a permit to run'
  return approval ? `The approval was spent on ${permit}.` : `It was given ${permit}.`
}

function finished({ outcome, delivered }: FactOf<'action.finished'>): string {
  const told = delivered ? '' : ' The answer did not reach the client.'
  switch (outcome.kind) {
    case 'done':
      return outcome.seenBy === 'client'
        ? `The client reports that it ran: ${outcome.summary}.`
        : `It ran: ${outcome.summary}.${told}`
    case 'failed':
      return outcome.seenBy === 'client'
        ? `The client reports that it failed: ${outcome.summary}.`
        : `It failed: ${outcome.summary}.${told}`
    case 'unknown':
      return `Nobody knows how it went: ${outcome.summary}.`
    case 'unreported':
      return `Nobody reported how it went: ${outcome.summary}.`
  }
}
