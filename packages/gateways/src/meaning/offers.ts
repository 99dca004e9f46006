/**
 * What a rule says outright of all actions that it is about, before there is one.
 *
 * @module
 */
import { effectOf, type Offered, type EffectHint } from '@countersign/core'
import type { Resource, Verb } from '@countersign/schema'
import type { RuleConfig } from './rule.ts'

/** Undefined where messages say which verb it is. `otherwise`: what holds where the rule says nothing. */
export function outright(
  { verb: ruled, effect, resources }: Partial<RuleConfig>,
  otherwise: {
    readonly verb: Verb
    readonly resource: Resource | undefined
    readonly hint: EffectHint | undefined
  },
): Pick<Offered, 'verb' | 'resource' | 'changes'> | undefined {
  const verb = ruled ?? otherwise.verb
  if (typeof verb !== 'string') return undefined
  const [only, ...more] = resources ?? []
  const named =
    only && more.length === 0 && typeof only.name === 'string' ? { kind: only.kind, name: only.name } : undefined
  const usual = effectOf(verb, otherwise.hint)
  return {
    verb,
    resource: resources ? named : otherwise.resource,
    changes: typeof effect === 'object' || (effect ?? usual) !== 'read',
  }
}
