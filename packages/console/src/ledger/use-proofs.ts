import type { LedgerView, TimelineEntry } from '@countersign/schema'
import { useEffect, useState } from 'react'
import { useAnswer } from '../api/use-answer.ts'
import { type EntryProof, proveEntries } from './entry-proof.ts'
import { readKept } from './kept.ts'
import { browserParts, ledgerSource } from './parts.ts'

export type Checked =
  | { readonly kind: 'checking' }
  | { readonly kind: 'checked'; readonly proofs: readonly EntryProof[] }
  | { readonly kind: 'failed'; readonly says: string }

/** A checkpoint comes at most once a second after the entry. */
const againMs = 1_500
const mostTries = 4

/**
 * Proofs of these entries, by the key that this browser saw first, and again while the newest wait for a checkpoint.
 */
export function useProofs(entries: readonly TimelineEntry[]): Checked {
  const { value: head, trouble } = useAnswer<LedgerView>('/api/ledger')
  const [checked, setChecked] = useState<Checked>({ kind: 'checking' })
  const vkey = head && (readKept(head.origin)?.vkey ?? head.vkey)
  const shown = JSON.stringify(entries.map(({ index, id, type, at }) => ({ index, id, type, at: Date.parse(at) })))

  useEffect(() => {
    if (vkey === undefined) return undefined
    let gone = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (tries: number) => {
      const answer = await proofsOf(vkey, shown)
      if (gone) return
      setChecked(answer)
      const waits = answer.kind === 'checked' && answer.proofs.some(({ kind }) => kind === 'not-yet')
      if (waits && tries < mostTries) timer = setTimeout(() => void look(tries + 1), againMs)
    }
    void look(1)
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [vkey, shown])
  return trouble && !head ? { kind: 'failed', says: trouble.says } : checked
}

async function proofsOf(vkey: string, shown: string): Promise<Checked> {
  try {
    const source = ledgerSource(location.origin)
    return { kind: 'checked', proofs: await proveEntries(source, browserParts, vkey, JSON.parse(shown)) }
  } catch (error) {
    return { kind: 'failed', says: error instanceof Error ? error.message : 'It could not be read.' }
  }
}
