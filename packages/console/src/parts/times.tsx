import { moment, pressing, relative, timeLeft, timeLeftAloud } from '../words/time.ts'
import { useNow, useSlowNow } from '../window/now.ts'
import { useZone } from './zone.ts'

const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })

/** The moment itself and how long ago it was: the one to compare with a log, the other to judge by. */
export function When({ at }: { at: string }) {
  const slowNow = useSlowNow()
  const zone = useZone()
  const when = Date.parse(at)
  const now = Math.max(slowNow, Math.min(when, slowNow + 30_000))
  return (
    <time dateTime={at} title={`${absolute.format(when)} (${at})`}>
      <span className="moment">{moment(when, now, zone)}</span>
      <span className="soft"> · {relative(when, now)}</span>
    </time>
  )
}

export interface Left {
  /** As Countersign said it, when this browser received it: nobody's clocks are compared. */
  readonly secondsLeft: number
  readonly receivedAt: number
  readonly expiresAt: string
}

/** Ticks. Only the urgency is read aloud, not every second. */
export function TimeLeft({ secondsLeft, receivedAt, expiresAt }: Left) {
  const left = secondsLeft * 1_000 - (useNow() - receivedAt)
  return (
    <time
      className={`time-left ${pressing(left)}`}
      dateTime={expiresAt}
      title={`Expires ${absolute.format(Date.parse(expiresAt))}. No answer is a no.`}
    >
      <span aria-hidden="true">{left <= 0 ? 'time is up' : timeLeft(left)}</span>
      <span className="aloud">{timeLeftAloud(left)}</span>
    </time>
  )
}
