import { pressing, relative, timeLeft, timeLeftAloud } from '../words/time.ts'
import { useNow, useSlowNow } from './now.ts'

const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })

/** Relative for people, absolute on asking. */
export function When({ at }: { at: string }) {
  const now = useSlowNow()
  const moment = Date.parse(at)
  return (
    <time dateTime={at} title={`${absolute.format(moment)} (${at})`}>
      {relative(moment, Math.max(now, Math.min(moment, now + 30_000)))}
    </time>
  )
}

export interface Left {
  /** As the house said it, when this browser received it: nobody's clocks are compared. */
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
