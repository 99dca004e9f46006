/**
 * What the window knows beside Countersign's answers: whether it hears what happens, and what to say aloud.
 *
 * @module
 */
import { useSyncExternalStore } from 'react'
import type { Line } from '../api/events.ts'

export interface Notice {
  readonly id: number
  readonly says: string
  readonly tone: 'calm' | 'good' | 'bad'
}

export interface Live {
  line(): Line
  setLine(line: Line): void
  notice(): Notice | undefined
  /** Shown and read aloud. */
  tell(says: string, tone?: Notice['tone']): void
  dismiss(): void
  onChange(tell: () => void): () => void
}

function createLive(): Live {
  const listeners = new Set<() => void>()
  let line: Line = 'connecting'
  let notice: Notice | undefined
  let told = 0
  const changed = () => listeners.forEach((tell) => tell())
  return {
    line: () => line,
    setLine(next) {
      line = next
      changed()
    },
    notice: () => notice,
    tell(says, tone = 'calm') {
      told += 1
      notice = { id: told, says, tone }
      changed()
    },
    dismiss() {
      notice = undefined
      changed()
    },
    onChange(tell) {
      listeners.add(tell)
      return () => void listeners.delete(tell)
    },
  }
}

/** One per window, as the window itself. */
export const live = createLive()

export const useLine = (): Line => useSyncExternalStore(live.onChange, live.line)
export const useNotice = (): Notice | undefined => useSyncExternalStore(live.onChange, live.notice)
