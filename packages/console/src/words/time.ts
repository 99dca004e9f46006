/**
 * Times in words. Everything takes milliseconds; nothing reads a clock.
 *
 * @module
 */
const secondMs = 1_000
const minuteMs = 60_000
const hourMs = 3_600_000
const dayMs = 86_400_000

/** Time left, exact where it matters: `4:07` below ten minutes, then coarser, never longer than it is. */
export function timeLeft(leftMs: number): string {
  if (leftMs <= 0) return '0:00'
  const seconds = Math.floor(leftMs / secondMs)
  if (leftMs < 10 * minuteMs) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  if (leftMs < hourMs) return `${Math.floor(leftMs / minuteMs)} min`
  if (leftMs < dayMs) return withRest(leftMs, hourMs, 'h', minuteMs, 'min')
  return withRest(leftMs, dayMs, 'd', hourMs, 'h')
}

/** The same for a screen reader, without seconds that change while they are read. */
export function timeLeftAloud(leftMs: number): string {
  if (leftMs <= 0) return 'no time left'
  if (leftMs < minuteMs) return 'less than a minute left'
  const minutes = Math.floor(leftMs / minuteMs)
  if (minutes < 60) return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'} left`
  return `${timeLeft(leftMs).replace('min', 'minutes').replace('h', 'hours').replace('d', 'days')} left`
}

/** How pressing the time that is left is. */
export function pressing(leftMs: number): 'over' | 'soon' | 'later' {
  if (leftMs <= 0) return 'over'
  return leftMs < 5 * minuteMs ? 'soon' : 'later'
}

/** `just now`, `3 min ago`, `in 2 d`. */
export function relative(at: number, now: number): string {
  const apart = Math.abs(now - at)
  if (apart < 10 * secondMs) return 'just now'
  const words =
    apart < minuteMs
      ? `${Math.floor(apart / secondMs)} s`
      : apart < hourMs
        ? `${Math.floor(apart / minuteMs)} min`
        : apart < dayMs
          ? `${Math.floor(apart / hourMs)} h`
          : `${Math.floor(apart / dayMs)} d`
  return at > now ? `in ${words}` : `${words} ago`
}

/** `310 ms`, `3.1 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < secondMs) return `${Math.round(ms)} ms`
  if (ms < minuteMs) return `${(ms / secondMs).toFixed(1)} s`
  if (ms < hourMs) return withRest(ms, minuteMs, 'min', secondMs, 's')
  return withRest(ms, hourMs, 'h', minuteMs, 'min')
}

function withRest(ms: number, unitMs: number, unit: string, restMs: number, rest: string): string {
  const whole = Math.floor(ms / unitMs)
  const left = Math.floor((ms % unitMs) / restMs)
  return left === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${left} ${rest}`
}
