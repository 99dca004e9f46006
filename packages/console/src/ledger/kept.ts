/**
 * What this browser keeps between visits: the log's key as it first saw it, and the last head that it verified. With
 * them it notices an instance that changes its key or its past.
 *
 * @module
 */
export interface Kept {
  readonly vkey: string
  readonly checkpoint: string
  readonly size: number
  readonly at: number
}

const name = (origin: string) => `countersign ledger ${origin}`

export function readKept(origin: string, storage: Pick<Storage, 'getItem'> = localStorage): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(storage.getItem(name(origin)) ?? 'null')
    return isKept(kept) ? kept : undefined
  } catch {
    return undefined // a browser that keeps nothing verifies all the same
  }
}

export function keep(origin: string, kept: Kept, storage: Pick<Storage, 'setItem'> = localStorage): void {
  try {
    storage.setItem(name(origin), JSON.stringify(kept))
  } catch {
    // as above
  }
}

export function forget(origin: string, storage: Pick<Storage, 'removeItem'> = localStorage): void {
  try {
    storage.removeItem(name(origin))
  } catch {
    // as above
  }
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false
  const { vkey, checkpoint, size, at } = value as Partial<Kept>
  return (
    typeof vkey === 'string' && typeof checkpoint === 'string' && typeof size === 'number' && typeof at === 'number'
  )
}
