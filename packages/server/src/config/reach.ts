/**
 * Whether policies reach what the gateways offer: what could never be allowed, and what changes something and would never
 * be asked about.
 *
 * @module
 */
import type { Offered, PreparedGateway } from '@countersign/core'
import type { CedarPolicySet, Reach } from '@countersign/policy'
import type { Path } from './yaml.ts'

interface Unreached {
  readonly path: Path
  readonly says: string
}

/** Names listed in one sentence about what is reachable, more than anybody reads; the rest is counted. */
const mostNamed = 12

/** Of policies that ask nobody about anything nothing is said: then it is meant. */
export function unreached(gateways: ReadonlyMap<string, PreparedGateway>, policies: CedarPolicySet): Unreached[] {
  const found = [...gateways].flatMap(([gateway, prepared]) =>
    prepared.offers().flatMap((offered) => {
      const about = aboutIt(offered, policies)
      return about === undefined ? [] : [{ path: ['gateways', gateway, ...offered.path], about, name: offered.name }]
    }),
  )
  const together = new Map<string, { path: Path; about: About; names: string[] }>()
  for (const { path, about, name } of found) {
    const key = JSON.stringify([path, about])
    const known = together.get(key) ?? { path, about, names: [] }
    known.names.push(name)
    together.set(key, known)
  }
  return [...together.values()].map(({ path, about, names }) => ({ path, says: says(about, names) }))
}

type About =
  | { readonly kind: 'unasked' }
  | { readonly kind: 'refused'; readonly why: 'nothing' | 'prohibited' | 'duties'; readonly by: readonly string[] }

function aboutIt(offered: Offered, policies: CedarPolicySet): About | undefined {
  if (!policies.policies.some(({ kind }) => kind === 'sign-off')) return undefined
  const { allowances, prohibitions, signOffs } = policies.reach(offered, offered.changes)
  // What nobody mapped may well be refused.
  const isMapped = offered.path.length > 2
  if (prohibitions.length > 0) return isMapped ? { kind: 'refused', why: 'prohibited', by: prohibitions } : undefined
  if (allowances.length === 0) return isMapped ? { kind: 'refused', why: 'nothing', by: [] } : undefined
  if (!allowances.some((id) => canBeKept(id))) return { kind: 'refused', why: 'duties', by: allowances }
  return offered.changes && signOffs.length === 0 ? { kind: 'unasked' } : undefined

  function canBeKept(id: Reach['allowances'][number]): boolean {
    return policies.policy(id)?.obligations.every((duty) => offered.enforces(duty)) ?? false
  }
}

function says(about: About, names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ')
  const what = names.length > mostNamed ? `${shown} and ${names.length - mostNamed} more` : shown
  if (about.kind === 'unasked')
    return `No sign-off can ever reach ${what}, though it changes something: what permits it lets it run unasked. Write a sign-off for it, or say \`effect: read\` if it only reads.`
  const by = about.by.join(', ')
  switch (about.why) {
    case 'nothing':
      return `No policy permits ${what}, whoever asks: every call is refused.`
    case 'prohibited':
      return `${by} prohibits ${what}, whatever is asked: every call is refused.`
    case 'duties':
      return `Every call of ${what} is refused: ${by} asks for a limit or a mask that cannot be kept here.`
  }
}
