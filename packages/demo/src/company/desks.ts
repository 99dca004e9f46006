/**
 * What the company does when asked: each desk does its work, notes it, and answers.
 *
 * @module
 */
import { z } from 'zod'
import { type Answer, type Asked, json, read, refusal } from './answer.ts'
import type { Dataset, DatasetName } from './data.ts'
import { contentTypes, type Format, printRows } from './rows.ts'

/** Something that really happened, in order. */
export interface Note {
  readonly did:
    | 'finance.read'
    | 'crm.read'
    | 'finance.export.begun'
    | 'finance.export.ended'
    | 'training.export'
    | 'fine-tune.started'
    | 'model.promoted'
    | 'role.granted'
    | 'model.asked'
    | 'search.rebuilt'
  readonly what: string
  readonly rows?: number
  readonly to?: string
}

export interface Company {
  readonly datasets: Readonly<Record<DatasetName, Dataset>>
  readonly models: Map<string, string>
  readonly grants: Map<string, string[]>
  readonly notes: Note[]
}

export type Desk = (company: Company, asked: Asked) => Answer

const Name = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._@:/-]{0,199}$/)
const Limit = z.strictObject({
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/)
    .transform(Number)
    .pipe(z.number().max(1000))
    .default(20),
})

const listing =
  (name: DatasetName, did: Note['did']): Desk =>
  ({ datasets, notes }, { query }) => {
    const dataset = datasets[name]
    const { limit } = read(Limit, query)
    const rows = Array.from({ length: Math.min(limit, dataset.rows) }, (_, index) => dataset.row(index))
    notes.push({ did, what: name, rows: rows.length })
    return json(200, { dataset: name, total: dataset.rows, rows }, { 'x-row-count': String(rows.length) })
  }

const FinanceExport = z.strictObject({
  dataset: z.enum(['finance.orders', 'finance.ledger']),
  rows: z.number().int().min(1),
  destination: Name,
  format: z.enum(['csv', 'ndjson']),
})

const exportFinance: Desk = ({ datasets, notes }, { body }) => {
  const { dataset: what, rows, destination: to, format } = read(FinanceExport, body)
  const dataset = datasets[what]
  if (rows > dataset.rows) return refusal(422, `${what} has ${dataset.rows} rows.`)
  notes.push({ did: 'finance.export.begun', what, rows, to })
  return {
    status: 200,
    headers: { 'content-type': contentTypes[format], 'x-row-count': String(rows), 'x-destination': to },
    body: sending(dataset, rows, format, (sent) => notes.push({ did: 'finance.export.ended', what, rows: sent, to })),
  }
}

/** Notes in the end what was sent, also when the other side hung up before. */
function* sending(dataset: Dataset, rows: number, format: Format, ended: (sent: number) => void): Generator<string> {
  let sent = 0
  try {
    yield* printRows(dataset, rows, format, (count) => void (sent += count))
  } finally {
    ended(sent)
  }
}

const TrainingExport = z.strictObject({ dataset: z.enum(['crm.customers', 'support.tickets']), destination: Name })

const exportTraining: Desk = ({ datasets, notes }, { body }) => {
  const { dataset, destination: to } = read(TrainingExport, body)
  const { rows } = datasets[dataset]
  notes.push({ did: 'training.export', what: dataset, rows, to })
  return json(201, { export: `exp-${notes.length}`, dataset, rows, destination: to }, { 'x-row-count': String(rows) })
}

const FineTune = z.strictObject({
  model: Name,
  dataset: z.enum(['crm.customers', 'support.tickets', 'finance.orders', 'finance.ledger']),
  epochs: z.number().int().min(1).max(20),
})

const fineTune: Desk = ({ models, notes, datasets }, { body }) => {
  const { model, dataset, epochs } = read(FineTune, body)
  if (!models.has(model)) return refusal(404, 'There is no such model.')
  notes.push({ did: 'fine-tune.started', what: model, rows: datasets[dataset].rows, to: dataset })
  return json(202, { job: `ft-${notes.length}`, model, dataset, epochs, status: 'queued' })
}

const listModels: Desk = ({ models }) => json(200, { models: [...models].map(([name, stage]) => ({ name, stage })) })

const Promotion = z.strictObject({ stage: z.enum(['staging', 'production', 'archived']) })

const promote: Desk = ({ models, notes }, { params, body }) => {
  const { stage } = read(Promotion, body)
  const name = params['name'] ?? ''
  if (!models.has(name)) return refusal(404, 'There is no such model.')
  models.set(name, stage)
  notes.push({ did: 'model.promoted', what: name, to: stage })
  return json(200, { name, stage })
}

const Asking = z.strictObject({ question: z.string().min(1).max(1000) })

const askModel: Desk = ({ models, notes }, { params, body }) => {
  const name = params['name'] ?? ''
  const { question } = read(Asking, body)
  if (!models.has(name)) return refusal(404, 'There is no such model.')
  notes.push({ did: 'model.asked', what: name })
  return json(200, { model: name, answer: `It has ${question.trim().split(/\s+/).length} words; ask a person.` })
}

const rebuildSearch: Desk = ({ notes }) => {
  notes.push({ did: 'search.rebuilt', what: 'search' })
  return json(202, { status: 'started' })
}

const listGrants: Desk = ({ grants }, { params }) => {
  const role = params['role'] ?? ''
  const grantees = grants.get(role)
  return grantees ? json(200, { role, grantees }) : refusal(404, 'There is no such role.')
}

const RoleGrant = z.strictObject({ grantee: Name })

const grantRole: Desk = ({ grants, notes }, { params, body }) => {
  const { grantee } = read(RoleGrant, body)
  const role = params['role'] ?? ''
  const grantees = grants.get(role)
  if (!grantees) return refusal(404, 'There is no such role.')
  if (!grantees.includes(grantee)) grantees.push(grantee)
  notes.push({ did: 'role.granted', what: role, to: grantee })
  return json(201, { role, grantee })
}

/** `METHOD /path/{param}` and who does it. */
export const desks: Readonly<Record<string, Desk>> = {
  'GET /finance/orders': listing('finance.orders', 'finance.read'),
  'GET /finance/ledger': listing('finance.ledger', 'finance.read'),
  'GET /customers': listing('crm.customers', 'crm.read'),
  'POST /finance/exports': exportFinance,
  'POST /training/exports': exportTraining,
  'POST /fine-tunes': fineTune,
  'GET /models': listModels,
  'POST /models/{name}/promotions': promote,
  'POST /models/{name}/answers': askModel,
  'POST /search/rebuilds': rebuildSearch,
  'GET /roles/{role}/grants': listGrants,
  'POST /roles/{role}/grants': grantRole,
  'GET /log': ({ notes }) => json(200, { log: notes }),
}
