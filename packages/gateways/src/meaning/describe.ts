/**
 * A rule and what it looks at → what the action means. A gateway offers names and values, and the words for what nobody
 * has said.
 *
 * @module
 */
import { posix } from 'node:path'
import { type AttemptContext, effectOf, type EffectHint } from '@countersign/core'
import type { Action, Effect, Lineage, Resource, Verb } from '@countersign/schema'
import type { View } from './expression.ts'
import type { Rule } from './rule.ts'

export interface Meaning {
  readonly action: Pick<Action, 'verb' | 'resources'>
  readonly context: Pick<AttemptContext, 'sentence' | 'effect' | 'lineage' | 'measures' | 'destructive'>
}

/** What a gateway says where no rule does. */
export interface Otherwise {
  readonly verb: Verb
  /** What it is done to if no rule names it. */
  readonly resource: Resource
  /** Instead of what a rule could not name, and instead of more than 50. */
  readonly unknown: Resource
  readonly hint: EffectHint | undefined
  sentence(verb: Verb, resources: readonly Resource[]): string
}

/**
 * Resources of one action, more than a person reads; an action with more is one on unknown data, and judged as that.
 */
const mostResources = 50

/** Whatever a rule fails to say is unknown, and all of it is if it fails to say the verb. */
export function meaningOf(rule: Rule | undefined, view: View, otherwise: Otherwise): Meaning {
  const verb = rule?.verb ? rule.verb(view) : otherwise.verb
  if (!rule || !verb) return nothingSaid(otherwise)

  const resources = resourcesOf(rule, view, otherwise)
  const [rows, bytes] = [rule.rows(view), rule.bytes(view)]
  return {
    action: { verb, resources },
    context: {
      sentence: rule.sentence(view) ?? otherwise.sentence(verb, resources),
      effect: effectFor(rule, view, effectOf(verb, otherwise.hint)),
      lineage: lineageOf(rule, view),
      measures: { ...(rows !== undefined && { rows }), ...(bytes !== undefined && { bytes }) },
      destructive: rule.destructive,
    },
  }
}

function nothingSaid({ verb, resource, hint, sentence }: Otherwise): Meaning {
  return {
    action: { verb, resources: [resource] },
    context: {
      sentence: sentence(verb, [resource]),
      effect: effectOf(verb, hint),
      lineage: {},
      measures: {},
      destructive: false,
    },
  }
}

/** An effect that a rule meant to say and could not is a change. */
function effectFor({ effect }: Rule, view: View, usual: Effect): Effect {
  if (!effect) return usual
  return effect(view) ?? (usual === 'read' ? 'write' : usual)
}

function resourcesOf({ resources }: Rule, view: View, { resource, unknown }: Otherwise): Resource[] {
  if (!resources) return [resource]
  const found = resources.flatMap(
    ({ kind, names, worked }): Resource[] =>
      names(view)?.map((name) => (worked ? settled({ kind, name }) : { kind, name })) ?? [unknown],
  )
  return found.length > mostResources ? [unknown] : found
}

/** A path or a host that a policy could read one way and whoever opens it another is none that is known. */
function settled(resource: Resource): Resource {
  const { kind, name } = resource
  if (kind !== 'file' && kind !== 'host') return resource
  return (kind === 'file' ? isPlainPath(name) : isPlainHost(name)) ? resource : { kind: 'unknown', name }
}

const isPlainPath = (path: string): boolean =>
  posix.normalize(path) === path && !/^\.\.?(?:\/|$)|\\/.test(path) && path.normalize('NFC') === path

/** As the URL parser would write it: in small letters, in ASCII, an IP address in the one way it is written. */
function isPlainHost(host: string): boolean {
  if (host.endsWith('.') || !URL.canParse(`http://${host}/`)) return false
  const url = new URL(`http://${host}/`)
  return url.host === host || `${url.hostname}:80` === host
}

function lineageOf(rule: Rule, view: View): Lineage {
  const [reads, writes] = [rule.reads(view), rule.writes(view)]
  const [destination, model] = [rule.destination(view), rule.model(view)]
  return {
    ...(reads && { reads: [...reads] }),
    ...(writes && { writes: [...writes] }),
    ...(destination !== undefined && { destination }),
    ...(model !== undefined && { model }),
  }
}
