import { word } from '../ledger/words.ts'
import type { Law } from './law.ts'
import { actor } from './leaf-parts.ts'
import { policiesInForce } from './world.ts'

const ofNoLife = () => ({ stream: 'system', sequence: undefined })

export const founded: Law<'deployment.founded'> = {
  subject: () => 'system',
  stream: ofNoLife,
  leaf: ({ by, demo, local }, blind) => ({ actor: actor(by, blind), system: { demo, local } }),
}

/** Whoever activates last says what is in force, so that an older set comes back by being loaded again. */
export const policyActivated: Law<'policy.activated'> = {
  subject: () => 'system',
  stream: ofNoLife,
  leaf: ({ by, version, policies }, blind, lists) => ({
    actor: actor(by, blind),
    policy: { version: word(version, blind), ids: lists.cut('policies', policies) },
  }),

  apply({ version }, { index: entry }, { world, draft }) {
    draft.set(world.policies, policiesInForce, { version, entry })
    return undefined
  },
}
