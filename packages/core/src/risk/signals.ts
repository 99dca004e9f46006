/**
 * How risky an action is: the sum of named, deterministic signals, each shown to the approver.
 *
 * @module
 */
import type { DataUse, Effect, Risk, RiskSignal, Verb } from '@countersign/schema'

/** All that the risk of an action is told from. */
export interface RiskView {
  readonly verb: Verb
  readonly effect: Effect
  readonly destructive: boolean
  readonly environment: string
  readonly dataUse: DataUse
  readonly firstTime: boolean
  readonly when: { readonly hour: number; readonly weekday: number }
}

/** Points per signal; a site may change them in its configuration. */
export const defaultPoints = {
  write: 20,
  delete: 40,
  grant: 50,
  deploy: 50,
  destructive: 20,
  production: 20,
  'sensitive-data': 20,
  'unknown-data': 20,
  'leaves-the-organization': 30,
  'first-time': 10,
  'off-hours': 10,
} as const

export type RiskPoints = Readonly<Record<keyof typeof defaultPoints, number>>

const rows: readonly {
  readonly name: keyof typeof defaultPoints
  readonly says: string | ((view: RiskView) => string)
  readonly when: (view: RiskView) => boolean
}[] = [
  { name: 'write', says: whatItDoes, when: ({ effect }) => effect === 'write' },
  { name: 'delete', says: 'It deletes.', when: ({ effect }) => effect === 'delete' },
  { name: 'grant', says: 'It grants a privilege.', when: ({ effect }) => effect === 'grant' },
  { name: 'deploy', says: 'It puts something into production.', when: ({ effect }) => effect === 'deploy' },
  { name: 'destructive', says: 'The tool calls itself destructive.', when: ({ destructive }) => destructive },
  { name: 'production', says: 'It runs in production.', when: ({ environment }) => environment === 'prod' },
  {
    name: 'sensitive-data',
    says: 'It touches sensitive data.',
    when: ({ dataUse }) => dataUse.sensitive && !hasUnknown(dataUse),
  },
  {
    name: 'unknown-data',
    says: 'Nobody knows which data it touches.',
    when: ({ dataUse }) => dataUse.sensitive && hasUnknown(dataUse),
  },
  {
    name: 'leaves-the-organization',
    says: 'Data goes to a destination outside, or nobody knows where.',
    when: ({ verb, dataUse: { destination, model } }) =>
      (destination?.outside ?? verb === 'data.export') || (model?.external ?? givesToModel(verb)),
  },
  { name: 'first-time', says: 'This agent has never done this before.', when: ({ firstTime }) => firstTime },
  {
    name: 'off-hours',
    says: 'It is outside working hours.',
    when: ({ when }) => when.weekday > 5 || when.hour < 7 || when.hour >= 20,
  },
]

/** An export changes nothing where it reads, and of a call to a tool nobody may know whether it does. */
function whatItDoes({ verb, dataUse: { writes } }: RiskView): string {
  if (writes.some(({ known, name }) => known || name !== 'unknown')) return 'It writes.'
  switch (verb) {
    case 'data.export':
      return 'It sends data somewhere.'
    case 'model.train':
      return 'It changes a model.'
    case 'infra.change':
      return 'It changes infrastructure.'
    case 'tool.call':
    case 'http.call':
    case 'shell.exec':
    case 'model.invoke':
      return 'It may change something.'
    case 'data.read':
    case 'data.write':
    case 'schema.change':
    case 'iam.grant':
    case 'model.deploy':
    case 'file.read':
    case 'file.write':
      return 'It writes.'
  }
}

/** Pure: the same view has the same risk. */
export function riskOf(view: RiskView, points: RiskPoints = defaultPoints): Risk {
  const signals: RiskSignal[] = rows
    .filter((row) => row.when(view) && points[row.name] > 0)
    .map(({ name, says }) => ({ name, says: typeof says === 'string' ? says : says(view), points: points[name] }))
  const score = signals.reduce((sum, signal) => sum + signal.points, 0)
  return { score: Math.min(100, score), signals }
}

const givesToModel = (verb: Verb) => verb === 'model.invoke' || verb === 'model.train'

const hasUnknown = (dataUse: DataUse) => [...dataUse.reads, ...dataUse.writes].some((node) => !node.known)
