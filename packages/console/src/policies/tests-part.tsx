import type { PolicyTests } from '@countersign/schema'
import { useAnswer, useAnswers } from '../api/use-answer.ts'
import { Empty, Loading, TroubleNote } from '../parts/states.tsx'
import { CasesReport } from './cases-report.tsx'

const path = '/api/policies/tests'

export function TestsPart() {
  const answers = useAnswers()
  const { value, trouble } = useAnswer<PolicyTests>(path)
  if (!value) return trouble ? <TroubleNote trouble={trouble} path={path} /> : <Loading what="the cases" />
  if (!value.cases) {
    return (
      <Empty title="There are no cases">
        <p>
          Write what you expect into <span className="mono">cases.yaml</span> beside the policies: given this, expect
          that.
        </p>
      </Empty>
    )
  }
  return (
    <>
      {trouble && <TroubleNote trouble={trouble} path={path} />}
      <CasesReport cases={value.cases} />
      <p className="outcome">
        <button type="button" onClick={() => answers.stale((each) => each === path)}>
          Run them again
        </button>
      </p>
    </>
  )
}
