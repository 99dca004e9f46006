/**
 * What a page shows when it has nothing to show yet, or nothing at all.
 *
 * @module
 */
import type { ReactNode } from 'react'
import { isLost, type Trouble } from '../api/ask.ts'
import { useAnswers } from '../api/use-answer.ts'

export function Loading({ what }: { what: string }) {
  return (
    <div className="loading" role="status">
      <span className="aloud">Loading {what}.</span>
      {[1, 2, 3].map((line) => (
        <div className="bone" key={line} aria-hidden="true" />
      ))}
    </div>
  )
}

export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <div>{children}</div>
    </div>
  )
}

const advice: Readonly<Record<string, string>> = {
  ERR_APPROVAL_UNKNOWN: 'It does not exist, or it does not concern you.',
  ERR_ACTION_MISSING: 'It does not exist, or it does not concern you.',
  ERR_NOT_ALLOWED: 'Ask an administrator for a role, or for a place in a group that approves.',
  ERR_STORE_UNAVAILABLE: 'Nothing can run while the record cannot be written. The console keeps trying.',
}

export function TroubleNote({ trouble, path }: { trouble: Trouble; path?: string }) {
  const answers = useAnswers()
  // The frame says so once, for the whole window.
  if (isLost(trouble)) return null
  return (
    <div className="trouble" role="alert">
      <strong>{trouble.says}</strong>
      {trouble.detail !== undefined && <p>{trouble.detail}</p>}
      {advice[trouble.code] !== undefined && <p>{advice[trouble.code]}</p>}
      <p className="soft mono">
        {trouble.code}
        {trouble.requestId !== undefined && ` · request ${trouble.requestId}`}
      </p>
      {path !== undefined && (
        <button type="button" className="quiet" onClick={() => answers.stale((each) => each.startsWith(path))}>
          Try again
        </button>
      )}
    </div>
  )
}
