import { person, word } from '../ledger/words.ts'
import { conflict, type Law } from './law.ts'
import { actor } from './leaf-parts.ts'

/** An agent's record is its own. Its id stays taken once it is erased: what it was granted names the id (P1). */
export const agentChanged: Law<'agent.changed'> = {
  subject: ({ agent }) => agent.id,
  stream: ({ agent }, blind) => ({ stream: `agt:${word(agent.id, blind)}`, sequence: agent.version }),

  leaf: ({ by, agent }, blind) => ({
    actor: actor(by, blind),
    agent: word(agent.id, blind),
    delegation: {
      owner: person(agent.owner, blind),
      registeredBy: person(agent.registeredBy, blind),
      changedBy: person(agent.changedBy, blind),
    },
    status: agent.status,
    mode: agent.mode,
    keys: agent.keys.length,
  }),

  touches: ({ agent }) => ({ agents: [agent.id] }),

  apply({ agent: { id, version, status, keys: issued, owner, team } }, { index: entry }, { world, draft, keys }) {
    const before = world.agents.get(id)
    if (before?.erased || version !== (before?.version ?? 0) + 1) return conflict({ agent: id })
    const hashes = issued.map(({ hash }) => hash)
    draft.set(world.agents, id, {
      id,
      version,
      status,
      entry,
      keys: hashes,
      owner,
      team: keys.group(team),
      erased: false,
    })
    return undefined
  },
}
