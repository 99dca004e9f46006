/**
 * The parts there are of each kind, and which sections of the configuration are theirs.
 *
 * @module
 */
import { webhook } from '@countersign/channels'
import { type Channel, CountersignError, type Gateway } from '@countersign/core'
import { openlineage, search } from '@countersign/followers'
import { http, mcp } from '@countersign/gateways'
import type { ZodType } from 'zod'
import { type Sections, typed } from './sections.ts'

const gateways = [http, mcp] as const satisfies readonly Gateway[]
const channels: readonly (Channel & { readonly config: ZodType })[] = [webhook]
const followers = [openlineage] as const

/** Followers that need no section: what the console searches and draws. */
export const builtIn = [search] as const

/** What the sections of the configuration that belong to parts may say. */
export const sections: Sections = {
  gateways: sectionsOf(gateways),
  channels: sectionsOf(channels),
  followers: sectionsOf(followers),
}

/** @throws ERR_CONFIG_INVALID for a name that none of them has */
export const gatewayOf = (name: string): Gateway => partOf(gateways, name)

/** Every channel that is configured, under its own name. */
export const channelsIn = (
  configured: Readonly<Record<string, unknown>>,
): readonly { readonly name: string; readonly part: Channel; readonly section: unknown }[] =>
  instancesIn(channels, configured)

/** Every follower that is configured, under its own name. */
export const followersIn = (configured: Readonly<Record<string, unknown>>) => instancesIn(followers, configured)

function instancesIn<Part extends { readonly name: string }>(
  parts: readonly Part[],
  configured: Readonly<Record<string, unknown>>,
) {
  return Object.entries(configured).map(([name, given]) => {
    const { type, section } = typed(name, given)
    return { name, part: partOf(parts, type), section }
  })
}

function partOf<Part extends { readonly name: string }>(parts: readonly Part[], name: string): Part {
  const found = parts.find((part) => part.name === name)
  if (!found) throw new CountersignError('ERR_CONFIG_INVALID', { part: name })
  return found
}

function sectionsOf(parts: readonly { readonly name: string; readonly config: ZodType }[]): Record<string, ZodType> {
  return Object.fromEntries(parts.map(({ name, config }) => [name, config]))
}
