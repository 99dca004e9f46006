import { count, word } from '../ledger/words.ts'
import { conflict, type Law } from './law.ts'
import { actor } from './leaf-parts.ts'

export const toolChanged: Law<'tool.changed'> = {
  subject: () => 'system',
  stream: ({ tool }, blind) => ({ stream: `tool:${word(tool.id, blind)}`, sequence: tool.version }),

  leaf: ({ by, tool: { id, version, server, pinned, listed } }, blind) => ({
    actor: actor(by, blind),
    tool: {
      id: word(id, blind),
      version: count(version),
      server: word(server, blind),
      listed: blind(listed.hash),
      pinned: pinned && blind(pinned.hash),
    },
  }),

  touches: ({ tool }) => ({ tools: [tool.id] }),

  apply({ tool: { id, version, server, pinned } }, { index: entry }, { world, draft }) {
    if (version !== (world.tools.get(id)?.version ?? 0) + 1) return conflict({ tool: id })
    draft.set(world.tools, id, { id, version, server, pinned: pinned?.hash ?? null, entry })
    return undefined
  },
}
