import type { Explanation } from '@countersign/schema'
import { useState } from 'react'
import { useAnswer } from '../api/use-answer.ts'
import { ExplainedList } from '../parts/explained.tsx'
import { Loading, TroubleNote } from '../parts/states.tsx'

/** What the policies of today say of an action of then. Asked for only when someone wants to know. */
export function Explain({ id }: { id: string }) {
  const [wanted, setWanted] = useState(false)
  const path = `/api/policies/explain?action=${id}`
  const { value, trouble } = useAnswer<Explanation>(wanted ? path : undefined)
  if (!wanted) {
    return (
      <button type="button" className="quiet" onClick={() => setWanted(true)}>
        What would policy say now?
      </button>
    )
  }
  if (!value) return trouble ? <TroubleNote trouble={trouble} /> : <Loading what="what policy says now" />
  return (
    <div aria-live="polite">
      <h3>Now, under version {value.now.version.slice(0, 16)}</h3>
      <ExplainedList resources={value.now.resources} />
    </div>
  )
}
