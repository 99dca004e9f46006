import { useSyncExternalStore } from 'react'
import { reach } from '../api/ask.ts'
import { useAnswers } from '../api/use-answer.ts'
import { useSlowNow } from './now.ts'
import { relative } from '../words/time.ts'

/** Since when Countersign is not reached, if it is not. */
export const useLostAt = (): number | undefined => useSyncExternalStore(reach.onChange, reach.lostAt)

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

/** Said once, above whatever page is open. */
export function Lost() {
  const answers = useAnswers()
  const lostAt = useLostAt()
  const now = useSlowNow()
  if (lostAt === undefined) return null
  return (
    <div className="lost" role="alert">
      <div>
        <strong>
          Not connected since {clock.format(lostAt)} ({relative(lostAt, Math.max(now, lostAt))})
        </strong>
        <p>
          What you see may be old, and nothing can be approved or rejected. Questions wait in Countersign: nothing is
          lost, and nothing runs without an answer. The console tries again by itself.
        </p>
      </div>
      <button type="button" onClick={() => answers.stale(() => true)}>
        Try now
      </button>
    </div>
  )
}
