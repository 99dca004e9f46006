/**
 * From core's question to Cedar's: normalised, bounded, and with the two to four entities that it needs.
 *
 * @module
 */
import type {
  CedarValueJson,
  Context,
  EntityJson,
  EntityUidJson,
  StatefulAuthorizationCall,
} from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyQuestion } from '@countersign/core'
import type { DataUse, Registry, Resource } from '@countersign/schema'
import { type ActionTree, actionFor, changeFor } from './actions.ts'
import { entityTypes } from './cedarschema.ts'

export type CedarQuestion = Omit<StatefulAuthorizationCall, 'preparsedPolicySetId' | 'preparsedSchemaName'>

/** What a number counts as that nobody knows: it matches whatever asks for more than some amount. */
const unknownNumber = Number.MAX_SAFE_INTEGER

/**
 * Data, columns and groups in one question to Cedar; an action that names more is denied as one that could not be
 * judged.
 */
const maxNames = 500
/** Characters of a name in such a question; an action with a longer one is denied as one that could not be judged. */
const maxNameLength = 2000

/** @throws RangeError for what no question may hold: the answer to it is then an error. */
export function cedarQuestion(question: PolicyQuestion, registry: Registry, tree: ActionTree): CedarQuestion {
  const { action, resource, agent, onBehalfOf, context } = question
  const { dataUse, measures, when } = context
  const principal = uid('Agent', agent.id)
  const person = onBehalfOf && uid('User', onBehalfOf.id)
  const model = dataUse.model && uid('Model', dataUse.model.name)

  const asked: Context = {
    env: text(action.environment),
    risk: within(context.risk, 0, 100),
    ...(person && { on_behalf_of: { __entity: person } }),
    when: { hour: within(when.hour, 0, 23), weekday: within(when.weekday, 1, 7) },
    lineage: lineageOf(dataUse),
    ...(model && { model: { __entity: model } }),
    ...(dataUse.destination && { destination: destinationOf(dataUse.destination) }),
    client: text(context.client),
    gateway: text(action.gateway),
    mode: text(action.mode),
    operation: text(action.operation),
    purpose: context.purposeGiven === true,
    ...amount('rows', measures.rows),
    ...amount('bytes', measures.bytes),
  }

  const entities: EntityJson[] = [
    {
      uid: principal,
      attrs: { owner: { __entity: uid('User', agent.owner) }, team: { __entity: uid('Group', agent.team) } },
      parents: bounded(agent.groups).map((group) => uid('AgentGroup', group)),
    },
    entityOf(resource, registry),
    ...(onBehalfOf && person
      ? [{ uid: person, attrs: {}, parents: bounded(onBehalfOf.groups).map((group) => uid('Group', group)) }]
      : []),
    ...(dataUse.model && !(resource.kind === 'model' && resource.name === dataUse.model.name)
      ? [entityOf({ kind: 'model', name: dataUse.model.name }, registry)]
      : []),
  ]

  return {
    principal,
    action: uid(
      'Action',
      question.asChange ? changeFor(tree, action.verb) : actionFor(tree, action.verb, action.operation),
    ),
    resource: uid(entityTypes[resource.kind], resource.name),
    context: asked,
    entities,
    validateRequest: true,
  }
}

/** What nobody registered is the worst it could be: outside, privileged, of the worst class. */
function entityOf({ kind, name }: Resource, registry: Registry): EntityJson {
  const entity = { uid: uid(entityTypes[kind], name), attrs: {}, parents: [] }
  switch (kind) {
    case 'dataset': {
      const dataset = own(registry.datasets, name)
      const columns = Object.values(dataset?.columns ?? {}).flat()
      const classes = dataset ? [...new Set([...dataset.classes, ...columns])] : [registry.unknownClass]
      return {
        ...entity,
        attrs: { classes: bounded(classes).map(text), known: dataset !== undefined },
        parents: dataset ? [uid('Domain', dataset.domain)] : [],
      }
    }
    case 'model': {
      const model = own(registry.models, name)
      return { ...entity, attrs: { external: model?.external ?? true, known: model !== undefined } }
    }
    case 'role': {
      const role = own(registry.roles, name)
      return { ...entity, attrs: { privileged: role?.privileged ?? true, known: role !== undefined } }
    }
    case 'tool':
    case 'file':
    case 'route':
    case 'host':
    case 'unknown':
      return entity
  }
}

function lineageOf({ reads, writes, classes, sensitive }: DataUse): CedarValueJson {
  const nodes = bounded([...reads, ...writes])
  return {
    datasets: [...new Set(nodes.map(({ name }) => name))].map((name) => ({ __entity: uid('Dataset', name) })),
    classes: bounded(classes).map(text),
    sensitive: sensitive === true,
    known: nodes.every(({ known }) => known),
  }
}

const destinationOf = ({ name, outside, known }: NonNullable<DataUse['destination']>) => ({
  name: text(name),
  outside: outside !== false,
  known: known === true,
})

const amount = <Name extends 'rows' | 'bytes'>(name: Name, value: number | undefined) => ({
  [name]: value === undefined ? unknownNumber : within(value, 0, unknownNumber),
  [`${name}_known`]: value !== undefined,
})

const uid = (type: string, id: string): EntityUidJson & { type: string; id: string } => ({ type, id: text(id) })

function text(value: string): string {
  if (typeof value === 'string' && value.length <= maxNameLength) return value
  throw new RangeError('a name in the question is no text, or too long')
}

function within(value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new RangeError(`a number in the question is not a whole one between ${least} and ${most}`)
}

function bounded<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length <= maxNames) return items
  throw new RangeError(`the question names more than ${maxNames} things at once`)
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
