/**
 * Which questions are of one kind. People see such questions under one heading, and a run is compared with the last one
 * of its shape.
 *
 * @module
 */
import { digestOf, groupsOf } from '@countersign/core'
import type { Action, Approval, Resource } from '@countersign/schema'

/**
 * Whatever a heading says has to be true of each question under it, so everything that changes who answers, or how, is
 * part of it: who asks and for whom, what it does where and to what, which classes of data go to which destination or
 * model, which people are needed. Numbers and texts are not: `rows: 10` and `rows: 20` are one kind.
 *
 * Rests on the terms as they were asked, so that a question keeps its heading when it is escalated.
 */
export const groupKeyOf = ({ card, team }: Pick<Approval, 'card' | 'team'>): string => {
  const { action, dataUse, terms } = card.bound
  const needed = terms.signOffs.map((signOff) => ({
    from: groupsOf({ ...signOff, escalated: false }, team).toSorted(),
    quorum: signOff.quorum,
    assurance: signOff.assurance,
  }))
  return digestOf({
    shape: shapeOf(action),
    definition: action.definition ?? null,
    classes: dataUse.classes.toSorted(),
    destination: dataUse.destination ?? null,
    model: dataUse.model ?? null,
    needed: needed.map((each) => JSON.stringify(each)).toSorted(),
  })
}

/** The same agent doing the same thing in the same place: what one run can be compared with another for. */
export function shapeOf(action: Action): string {
  const { gateway, mode, verb, operation, environment, agent, onBehalfOf = null, startedBy = null } = action
  const resources = new Set(action.resources.map(groupOf))
  const who = { agent, onBehalfOf, startedBy }
  return JSON.stringify({ gateway, mode, verb, operation, environment, who, resources: [...resources].toSorted() })
}

/** Datasets and files of one place are alike. A role, tool, model, host or route is like itself alone. */
function groupOf({ kind, name }: Resource): string {
  if (kind !== 'dataset' && kind !== 'file') return JSON.stringify([kind, name])
  const end = name.lastIndexOf(name.includes('/') ? '/' : '.')
  return JSON.stringify([kind, end > 0 ? [name.slice(0, end), 'in'] : name])
}
