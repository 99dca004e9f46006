import type { Trouble } from '../api/ask.ts'

/** Why Countersign did not take it, inside the dialog that sent it. */
export function Refused({ trouble }: { trouble: Trouble | undefined }) {
  if (!trouble) return null
  return (
    <p className="trouble" role="alert">
      <strong>{trouble.says}</strong> {trouble.detail} <span className="soft mono">{trouble.code}</span>
    </p>
  )
}
