/**
 * What kind of change a verb makes: one table, for gateways, for policies that are explained, and for their cases.
 *
 * @module
 */
import type { Effect, Verb } from '@countersign/schema'

/** Taking data out reads it, and asking a model changes nothing; where either of them goes is another signal. */
const effects: Readonly<Record<Verb, Effect>> = {
  'data.read': 'read',
  'data.write': 'write',
  'data.export': 'read',
  'schema.change': 'write',
  'iam.grant': 'grant',
  'infra.change': 'deploy',
  'model.invoke': 'read',
  'model.train': 'write',
  'model.deploy': 'deploy',
  'file.read': 'read',
  'file.write': 'write',
  'tool.call': 'write',
  'http.call': 'write',
  'shell.exec': 'write',
}

/** What the protocol itself says: a safe method, or a tool whose server is believed to say that it only reads; `DELETE`. */
export type EffectHint = 'reads' | 'deletes'

/**
 * What a verb does if nobody knows better. `said` makes a call that means anything (`http.call`, `tool.call`) a read, and
 * what would read or write a deletion; it never makes less of a verb that says what it does.
 */
export function effectOf(verb: Verb, hint?: EffectHint): Effect {
  const effect = effects[verb]
  if (hint === 'reads') return verb === 'http.call' || verb === 'tool.call' ? 'read' : effect
  return hint === 'deletes' && (effect === 'read' || effect === 'write') ? 'delete' : effect
}
