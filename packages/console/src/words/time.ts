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
  const parts: [number, string][] =
    leftMs < dayMs
      ? [
          [Math.floor(minutes / 60), 'hour'],
          [minutes % 60, 'minute'],
        ]
      : [
          [Math.floor(leftMs / dayMs), 'day'],
          [Math.floor((leftMs % dayMs) / hourMs), 'hour'],
        ]
  const words = parts.flatMap(([number, unit]) => (number === 0 ? [] : [`${number} ${unit}${number === 1 ? '' : 's'}`]))
  return `${words.join(' ')} left`
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

/** The zone in which moments are told: the world's, or that of whoever looks. */
export type Zone = 'UTC' | 'local'

/** `14:03:22 UTC` today, `28 Nov, 14:03 UTC` on another day, with the year where it is not this one. */
export function moment(at: number, now: number, zone: Zone): string {
  const day = formatted(at, zone, { day: 'numeric', month: 'short', year: 'numeric' })
  const today = formatted(now, zone, { day: 'numeric', month: 'short', year: 'numeric' })
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' } as const
  if (day === today) return formatted(at, zone, { ...time, second: '2-digit' })
  const [thisYear, itsYear] = [now, at].map((each) => formatted(each, zone, { year: 'numeric' }))
  const date = thisYear === itsYear ? formatted(at, zone, { day: 'numeric', month: 'short' }) : day
  return `${date}, ${formatted(at, zone, time)}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** To make a format takes longer than to use it a thousand times. */
function formatted(at: number, zone: Zone, how: Intl.DateTimeFormatOptions): string {
  const key = `${zone} ${Object.keys(how).join(' ')}`
  const format =
    formats.get(key) ?? new Intl.DateTimeFormat('en-GB', zone === 'UTC' ? { ...how, timeZone: 'UTC' } : how)
  formats.set(key, format)
  return format.format(at)
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
