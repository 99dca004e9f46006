/**
 * One question, with everything needed to judge it (P9): above, what has to be known; below, all of it.
 *
 * @module
 */
import type { Me, ApprovalView } from '@countersign/schema'
import { useEffect, useMemo, useState } from 'react'
import { useAnswer, useAnswers } from '../api/use-answer.ts'
import { Loading, TroubleNote } from '../parts/states.tsx'
import { paths } from '../route.ts'
import { useKeys } from '../window/keys.ts'
import { Link } from '../window/link.tsx'
import { navigate, wayBack } from '../window/location.ts'
import { Answering } from './answering.tsx'
import { Asked } from './asked.tsx'
import { checked } from './checked.ts'
import { Details } from './details.tsx'
import { Settled } from './settled.tsx'

export function ApprovalPage({ id, me }: { id: string; me: Me }) {
  const { value, at, trouble } = useAnswer<ApprovalView>(`/api/approvals/${id}`)
  const [inbox] = useState(() => wayBack('inbox', paths.inbox()))
  useKeys({ u: () => navigate(inbox) })
  return (
    <>
      <p className="back">
        <Link href={inbox}>‹ Inbox</Link>
      </p>
      {!value && <h1 className="aloud">Question</h1>}
      {trouble && <TroubleNote trouble={trouble} path="/api/approvals" />}
      {value ? <Shown question={value} receivedAt={at} me={me} /> : !trouble && <Loading what="the question" />}
    </>
  )
}

/** Looks again when the time is up, whether or not anybody tells. */
function useExpiry(id: string, { state, secondsLeft }: ApprovalView, receivedAt: number): void {
  const answers = useAnswers()
  const dueAt = state === 'open' ? receivedAt + secondsLeft * 1_000 + 300 : undefined
  useEffect(() => {
    if (dueAt === undefined) return undefined
    const look = () => answers.stale((path) => path === `/api/approvals/${id}`)
    const timer = setTimeout(look, Math.min(Math.max(0, dueAt - Date.now()), longestTimerMs))
    return () => clearTimeout(timer)
  }, [answers, id, dueAt])
}

/** Beyond this a browser's timer fires at once. */
const longestTimerMs = 2 ** 31 - 1

function Shown({ question, receivedAt, me }: { question: ApprovalView; receivedAt: number; me: Me }) {
  useExpiry(question.id, question, receivedAt)
  const intact = useMemo(() => checked(question), [question])
  return (
    <article className="question">
      <Asked question={question} receivedAt={receivedAt} />
      <div className="answering">
        {question.state !== 'open' && <Settled question={question} />}
        {(!intact.card || !intact.action) && (
          <div className="trouble" role="alert">
            <strong>Do not approve this.</strong> What is shown here does not hash to what your signature would cover.
            {!intact.card && ' The card differs.'} {!intact.action && 'The action differs.'} Tell whoever runs
            Countersign.
          </div>
        )}
        <Answering question={question} intact={intact.card && intact.action} me={me} />
      </div>
      <Details question={question} intact={intact} />
    </article>
  )
}
