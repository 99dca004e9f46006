import type { LineageView } from '@countersign/schema'
import { withSearch } from '../route.ts'

export type SubjectKind = LineageView['node']['kind']

/** What can be asked about, and how each is written. */
export const kinds: readonly { readonly kind: SubjectKind; readonly example: string }[] = [
  { kind: 'dataset', example: 'finance.orders' },
  { kind: 'column', example: 'finance.orders.email' },
  { kind: 'model', example: 'risk-score-v3' },
  { kind: 'destination', example: 'partner.example' },
  { kind: 'agent', example: 'finance-bot' },
  { kind: 'person', example: 'per_…' },
]

export interface Asked {
  readonly kind: SubjectKind
  readonly name: string
}

/** What the address asks for, if it asks for one thing. */
export function askedFor(search: string): Asked | undefined {
  const given = new URLSearchParams(search)
  const asked = kinds.flatMap(({ kind }) => {
    const name = given.get(kind)?.trim()
    return name ? [{ kind, name }] : []
  })
  return asked.length === 1 ? asked[0] : undefined
}

export const lineagePath = ({ kind, name }: Asked): string => withSearch('/api/lineage', { limit: '50', [kind]: name })
