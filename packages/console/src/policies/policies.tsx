/**
 * The policies: what is in force, how often it is used, why it answers as it does, and what another text would change.
 *
 * @module
 */
import type { PolicySetView } from '@countersign/schema'
import { useEffect } from 'react'
import { useAnswer, useAnswers } from '../api/use-answer.ts'
import { Loading, TroubleNote } from '../parts/states.tsx'
import { When } from '../parts/times.tsx'
import { paths } from '../route.ts'
import { Link } from '../window/link.tsx'
import { CandidatePart } from './candidate.tsx'
import { ExplainPart } from './explain-part.tsx'
import { PoliciesInForce } from './in-force.tsx'
import { Refused } from './refused.tsx'
import { TestsPart } from './tests-part.tsx'
import { UsePart } from './use-part.tsx'

const parts = [
  { part: undefined, name: 'In force' },
  { part: 'use', name: 'How often' },
  { part: 'explain', name: 'Explain' },
  { part: 'tests', name: 'Tests' },
  { part: 'candidate', name: 'Try a change' },
] as const

const path = '/api/policies'
const everyMs = 10_000

export function Policies({ search }: { search: string }) {
  const asked = new URLSearchParams(search).get('part') ?? undefined
  const { part } = parts.find((each) => each.part === asked) ?? parts[0]
  const { value, trouble } = useAnswer<PolicySetView>(path)
  const answers = useAnswers()
  useEffect(() => {
    // What was refused changes nothing in the ledger, so nobody tells of it.
    const timer = setInterval(() => answers.stale((each) => each === path), everyMs)
    return () => clearInterval(timer)
  }, [answers])
  return (
    <>
      <header className="page-head">
        <h1>Policies</h1>
        <p className="soft">
          Plain Cedar, as loaded.
          {value && (
            <>
              {' '}
              Version <span className="mono">{value.version.slice(0, 16)}</span>, loaded <When at={value.loaded.at} />
            </>
          )}
        </p>
      </header>
      <nav className="tabs" aria-label="Policies">
        {parts.map((each) => (
          <Link href={paths.policies(each.part)} aria-current={each.part === part ? 'page' : undefined} key={each.name}>
            {each.name}
          </Link>
        ))}
      </nav>
      {trouble && <TroubleNote trouble={trouble} path={path} />}
      {!value && !trouble && <Loading what="policies" />}
      {value?.refused && <Refused refused={value.refused} />}
      {value && <Part part={part} set={value} />}
    </>
  )
}

function Part({ part, set }: { part: (typeof parts)[number]['part']; set: PolicySetView }) {
  switch (part) {
    case undefined:
      return <PoliciesInForce set={set} />
    case 'use':
      return <UsePart set={set} />
    case 'explain':
      return <ExplainPart />
    case 'tests':
      return <TestsPart />
    case 'candidate':
      return <CandidatePart />
  }
}
