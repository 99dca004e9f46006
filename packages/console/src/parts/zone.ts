/**
 * The zone in which this browser tells times: one for all pages, kept for the next visit.
 *
 * @module
 */
import { useSyncExternalStore } from 'react'
import type { Zone } from '../words/time.ts'

const storageKey = 'countersign.zone'
const listeners = new Set<() => void>()
let zone: Zone = kept() === 'local' ? 'local' : 'UTC'

export const useZone = (): Zone => useSyncExternalStore(subscribe, () => zone)

export function setZone(next: Zone): void {
  zone = next
  try {
    localStorage.setItem(storageKey, next)
  } catch {
    // A browser that keeps nothing tells UTC again at the next visit.
  }
  listeners.forEach((tell) => tell())
}

function kept(): string | null {
  try {
    return localStorage.getItem(storageKey)
  } catch {
    return null
  }
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}
