import type { LineageView } from '@countersign/schema'
import type { Box, Picture } from '../picture/layout.ts'
import { withSearch } from '../route.ts'
import { visibleText } from '../words/visible.ts'

export type NodeKind = LineageView['node']['kind']
export const kinds: readonly NodeKind[] = ['dataset', 'model', 'destination', 'agent']

export interface Asked {
  readonly kind: NodeKind
  readonly name: string
}

/** What the address asks for, if it asks for one thing. */
export function askedFor(search: string): Asked | undefined {
  const given = new URLSearchParams(search)
  const asked = kinds.flatMap((kind) => {
    const name = given.get(kind)?.trim()
    return name ? [{ kind, name }] : []
  })
  return asked.length === 1 ? asked[0] : undefined
}

export const lineagePath = ({ kind, name }: Asked): string => withSearch('/api/lineage', { limit: '50', [kind]: name })

/** What lies before the node, the node, and what depends on it. */
export const pictureOf = ({ node, upstream, downstream }: LineageView): Picture => ({
  from: upstream.map((each) => box(each)),
  middle: box(node),
  to: downstream.map((each) => box(each)),
})

const box = ({ kind, name }: LineageView['node']): Box => ({ kind, name: visibleText(name), note: kind })
