import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let now = Date.now()

/** This browser's time; whatever shows it is drawn again every second. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now)

/** The same, only every half minute: for what is told in minutes. */
export const useSlowNow = (): number => useSyncExternalStore(subscribe, () => now - (now % 30_000))

function subscribe(tell: () => void): () => void {
  listeners.add(tell)
  now = Date.now()
  timer ??= setInterval(tick, 1_000)
  return () => {
    listeners.delete(tell)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function tick(): void {
  now = Date.now()
  listeners.forEach((tell) => tell())
}
