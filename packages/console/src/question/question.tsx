/**
 * One question, with everything needed to judge it (P9): above, what has to be known; below, all of it.
 *
 * @module
 */
import type { Me, QuestionView } from '@countersign/schema'
import { useMemo } from 'react'
import { useAnswer } from '../api/use-answer.ts'
import { Loading, TroubleNote } from '../parts/states.tsx'
import { paths } from '../route.ts'
import { useKeys } from '../shell/keys.ts'
import { Link } from '../shell/link.tsx'
import { navigate } from '../shell/place.ts'
import { Answering } from './answering.tsx'
import { Asked } from './asked.tsx'
import { checked } from './checked.ts'
import { Details } from './details.tsx'
import { Settled } from './settled.tsx'

export function Question({ id, me }: { id: string; me: Me }) {
  const { value, at, trouble } = useAnswer<QuestionView>(`/api/approvals/${id}`)
  useKeys({ u: () => navigate(paths.inbox) })
  return (
    <>
      <p className="back">
        <Link href={paths.inbox}>‹ Inbox</Link>
      </p>
      {!value && <h1 className="aloud">Question</h1>}
      {trouble && <TroubleNote trouble={trouble} path="/api/approvals" />}
      {value ? <Shown question={value} receivedAt={at} me={me} /> : !trouble && <Loading what="the question" />}
    </>
  )
}

function Shown({ question, receivedAt, me }: { question: QuestionView; receivedAt: number; me: Me }) {
  const intact = useMemo(() => checked(question), [question])
  return (
    <article className="question">
      <Asked question={question} receivedAt={receivedAt} />
      <div className="answering">
        {question.state !== 'open' && <Settled question={question} />}
        {(!intact.card || !intact.action) && (
          <div className="trouble" role="alert">
            <strong>Do not approve this.</strong> What is shown here does not hash to what would be signed.
            {!intact.card && ' The card differs.'} {!intact.action && 'The action differs.'} Tell whoever runs this
            house.
          </div>
        )}
        <Answering question={question} intact={intact.card && intact.action} me={me} />
      </div>
      <Details question={question} intact={intact} />
    </article>
  )
}
