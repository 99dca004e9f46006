/**
 * Names of the registry stand in its own spelling. Whoever runs the action may read `CRM.Customers` as `crm.customers`, so a
 * policy about the one would be none about the other.
 *
 * @module
 */
import type { Lineage, Registry, Resource } from '@countersign/schema'
import { CountersignError } from '../errors.ts'
import { folded } from '../json/alike.ts'

type Kind = 'dataset' | 'model' | 'role' | 'destination'

/** @throws ERR_INPUT_INVALID for a name that is a registered one in another spelling */
export function mustBeSpelledAsRegistered(
  resources: readonly Resource[],
  { reads = [], writes = [], destination, model }: Lineage,
  registry: Registry,
): void {
  for (const { kind, name } of resources) if (isRegistered(kind)) check(kind, name)
  for (const { name } of [...reads, ...writes]) check('dataset', name)
  if (destination !== undefined) check('destination', destination)
  if (model !== undefined) check('model', model)

  function check(kind: Kind, name: string): void {
    const known = registry[`${kind}s`]
    if (Object.hasOwn(known, name)) return
    const other = spellingsOf(known).get(plainly(name))
    if (other === undefined) return
    const [written, registered] = [name, other].map((each) => JSON.stringify(each.slice(0, 200)))
    throw new CountersignError('ERR_INPUT_INVALID', {
      reading: `the ${kind} ${written} is ${registered} to some readers, which is how it is registered`,
    })
  }
}

const isRegistered = (kind: Resource['kind']): kind is 'dataset' | 'model' | 'role' =>
  kind === 'dataset' || kind === 'model' || kind === 'role'

const kept = new WeakMap<object, ReadonlyMap<string, string>>()

function spellingsOf(known: object): ReadonlyMap<string, string> {
  const spellings = kept.get(known) ?? new Map(Object.keys(known).map((name) => [plainly(name), name]))
  kept.set(known, spellings)
  return spellings
}

/** SQL takes `"crm" . [customers]` for `crm.customers`; a dot at the end of a host's name says nothing. */
const plainly = (name: string): string =>
  folded(name.slice(0, 2_000))
    .replaceAll(/[\s"'`[\]]/g, '')
    .replace(/\.+$/, '')
