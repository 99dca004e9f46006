import type { Action, DataNode, DataUse } from '@countersign/schema'
import { visibleText } from '@countersign/core/visible'
import type { Box, Graph } from './layout.ts'

/** The graph of one action: sources → action → where it goes. Unknown is said, and draws the eye. */
export function graphOf(
  { reads, writes, destination, model }: DataUse,
  action: Pick<Action, 'verb' | 'agent' | 'resources'>,
): Graph {
  const from = reads.map(dataset)
  const to = writes.map(dataset)
  if (model) to.push(modelBox(model))
  if (destination) {
    const { name, outside, known } = destination
    const note = [
      outside ? 'leaves the organization' : 'stays in the organization',
      ...(known ? [] : ['not registered']),
    ].join(', ')
    to.push({ kind: 'destination', name: visibleText(name), note, alarming: outside || !known })
  }
  if (from.length + to.length === 0) (takes.has(action.verb) ? from : to).push(...action.resources.map(resource))
  return { from, middle: { kind: 'action', name: action.verb, note: `by ${visibleText(action.agent)}` }, to }
}

/** Verbs whose resources are where something comes from; the others act upon theirs. */
const takes: ReadonlySet<string> = new Set(['data.read', 'data.export', 'file.read'])

const dataset = ({ name, classes, known }: DataNode): Box => ({
  kind: 'dataset',
  name: visibleText(name),
  note: known ? classes.join(', ') || 'no classes' : `unknown: ${classes.join(', ') || 'the worst'}`,
  ...(!known && { alarming: true }),
})

const modelBox = ({ name, external, known }: NonNullable<DataUse['model']>): Box => ({
  kind: 'model',
  name: visibleText(name),
  note: [external ? 'external' : 'own model', ...(known ? [] : ['not registered'])].join(', '),
  ...((external || !known) && { alarming: true }),
})

const resource = ({ kind, name }: Action['resources'][number]): Box => ({
  kind: 'dataset',
  name: visibleText(name),
  note: kind,
})
