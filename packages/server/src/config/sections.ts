/**
 * Sections that belong to parts: a gateway, a channel, a follower. Of channels and followers there may be several of one
 * type, each under a name of its own:
 *
 *     channels:
 *       webhook: { url: …, secret: … }
 *       pager: { type: webhook, url: …, secret: … }
 *
 * @module
 */
import type { z } from 'zod'
import type { Config } from './config.ts'
import { type Path, salvage } from './yaml.ts'

/** The schemas of the sections that belong to a part, by its name. */
export type Sections = Readonly<Record<SectionKind, Readonly<Record<string, z.ZodType>>>>

export type SectionKind = 'gateways' | 'channels' | 'followers'

interface Wrong {
  readonly path: Path
  readonly says: string
}

const named = /^[a-z][a-z0-9-]{0,39}$/

/** Which part a section of a channel or follower is for: the one of its `type`, else the one of its name. */
export function typed(name: string, given: unknown): { readonly type: string; readonly section: unknown } {
  if (typeof given !== 'object' || given === null || !Object.hasOwn(given, 'type'))
    return { type: name, section: given }
  const { type, ...section } = given as { readonly type: unknown }
  return { type: String(type), section }
}

/** What can be kept of them, and all that is wrong with the rest. */
export function salvageSections(config: Config, sections: Sections): { config: Config; wrong: readonly Wrong[] } {
  const wrong: Wrong[] = []
  const left = (['gateways', 'channels', 'followers'] as const).map((kind) => {
    const entries = Object.entries(config[kind]).flatMap(([name, given]) => {
      const kept = salvageOne(sections[kind], name, given, kind !== 'gateways')
      wrong.push(...kept.wrong.map(({ path, says }) => ({ path: [kind, name, ...path], says })))
      return kept.value === undefined ? [] : [[name, kept.value] as const]
    })
    return [kind, Object.fromEntries(entries)] as const
  })
  return { config: { ...config, ...Object.fromEntries(left) }, wrong }
}

function salvageOne(
  schemas: Readonly<Record<string, z.ZodType>>,
  name: string,
  given: unknown,
  several: boolean,
): { readonly value?: unknown; readonly wrong: readonly Wrong[] } {
  const { type, section } = several ? typed(name, given) : { type: name, section: given }
  const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined
  const known = Object.keys(schemas).join(', ')
  if (!schema) {
    const other = several ? '. Under another name it takes a `type`' : ''
    return type === name
      ? { wrong: [{ path: [], says: `There is nothing of that name. There are: ${known}${other}` }] }
      : { wrong: [{ path: ['type'], says: `There is no such type. There are: ${known}` }] }
  }
  if (type !== name && !named.test(name))
    return {
      wrong: [{ path: [], says: 'A name has up to 40 small letters, digits and hyphens, and begins with a letter' }],
    }
  const { value, wrong } = salvage(schema, section)
  if (wrong.length === 0) return { value: given, wrong }
  return { value: value === undefined || section === given ? value : { ...value, type }, wrong }
}
