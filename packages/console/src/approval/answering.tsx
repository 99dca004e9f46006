/**
 * The buttons, and what happens when one is pressed. The verdict is the server's to take: a click that came late, or
 * from someone who may not, is told why.
 *
 * @module
 */
import type { EscalateInput, Me, ApprovalView, SignInput, SignOffView } from '@countersign/schema'
import { useEffect, useState } from 'react'
import { get, post, reach, type Reply, type Trouble } from '../api/ask.ts'
import { useAnswers } from '../api/use-answer.ts'
import { useKeys } from '../window/keys.ts'
import { live } from '../window/live.ts'
import { useLostAt } from '../window/lost.tsx'
import { takeIntent } from '../window/location.ts'
import { counted, either } from '../words/words.ts'
import { EscalateDialog } from './escalate-dialog.tsx'
import { lateWords } from './late.ts'
import { SignDialog } from './sign-dialog.tsx'
import { StopDialog } from './stop-dialog.tsx'

export type Step = 'approve' | 'reject' | 'reject-and-stop' | 'escalate' | 'stop'

export function Answering({ question, intact, me }: { question: ApprovalView; intact: boolean; me: Me }) {
  const [step, setStep] = useState<Step>()
  const [sending, setSending] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  const answers = useAnswers()
  const offers = offered(question, intact)

  const begin = (wanted: Step) => {
    setTrouble(undefined)
    if (reach.lostAt() === undefined && offers.includes(wanted)) setStep(wanted)
  }
  const lost = useLostAt() !== undefined
  useKeys({ a: () => begin('approve'), r: () => begin('reject'), e: () => begin('escalate') })
  useEffect(() => {
    const intent = takeIntent()
    if (intent) begin(intent)
    // Once, when the page opens.
  }, [])

  // Someone was quicker, or the time is up, while the dialog stood open.
  const over = question.state !== 'open' && step !== undefined && step !== 'stop' && !sending
  useEffect(() => {
    if (!over) return
    setStep(undefined)
    live.tell(lateWords(question, me.person.id), 'bad')
  }, [over, question, me])

  const send = async (said: string, request: () => Promise<Reply<unknown>>) => {
    setSending(true)
    const reply = await request()
    setSending(false)
    const path = `/api/approvals/${question.id}`
    if (reply.ok) {
      setStep(undefined)
      live.tell(said, 'good')
      if (isView(reply.value)) answers.put(path, reply.value)
    } else if (overtaken.has(reply.trouble.code)) {
      setStep(undefined)
      const now = await get<ApprovalView>(path)
      if (now.ok) answers.put(path, now.value)
      live.tell(now.ok ? lateWords(now.value, me.person.id) : reply.trouble.says, 'bad')
    } else setTrouble(reply.trouble)
    answers.stale((each) => each === path || each.startsWith('/api/approvals?') || each === '/api/agents')
  }
  const sign = (input: Omit<SignInput, 'shown'>, said: string) =>
    void send(said, () => post(`/api/approvals/${question.id}/signatures`, { ...input, shown: question.shown }))
  const escalate = () =>
    void send('Escalated. Further people may approve now.', () =>
      post(`/api/approvals/${question.id}/escalate`, { version: question.version } satisfies EscalateInput),
    )
  const { agent } = question.askedBy
  const stop = (because: string) =>
    void send(`${agent.name} is stopped.`, () =>
      post(`/api/agents/${agent.id}/stop`, because === '' ? {} : { because }),
    )

  const dialog = { question, sending, trouble, onClose: () => setStep(undefined) }
  return (
    <>
      <Yours question={question} />
      <Needed question={question} />
      <Buttons question={question} offers={offers} lost={lost} onStep={begin} />
      {(step === 'approve' || step === 'reject' || step === 'reject-and-stop') && (
        <SignDialog {...dialog} me={me} step={step} onSign={sign} />
      )}
      {step === 'escalate' && <EscalateDialog {...dialog} onEscalate={escalate} />}
      {step === 'stop' && (
        <StopDialog name={agent.name} sending={sending} trouble={trouble} onClose={dialog.onClose} onStop={stop} />
      )}
    </>
  )
}

/** What the window showed is over; the page behind already asks for what is true now. */
const overtaken: ReadonlySet<string> = new Set([
  'ERR_APPROVAL_SETTLED',
  'ERR_APPROVAL_EXPIRED',
  'ERR_APPROVAL_SIGNED_TWICE',
  'ERR_CARD_CHANGED',
  'ERR_STORE_CONFLICT',
])

const isView = (value: unknown): value is ApprovalView =>
  typeof value === 'object' && value !== null && 'signOffs' in value

/** A rejection needs no stronger sign-in: only an approval lets something run. */
export function offered({ state, you, mayEscalate, mayStopAgent }: ApprovalView, intact: boolean): Step[] {
  const answers = state === 'open' && you.can !== 'look'
  return [
    ...(answers && you.can === 'approve' && intact ? (['approve'] as const) : []),
    ...(answers ? (['reject'] as const) : []),
    ...(answers && mayStopAgent ? (['reject-and-stop'] as const) : []),
    ...(mayEscalate ? (['escalate'] as const) : []),
    ...(!answers && mayStopAgent ? (['stop'] as const) : []),
  ]
}

function Yours({ question: { state, you } }: { question: ApprovalView }) {
  if (state !== 'open' || you.can === 'approve') return null
  if (you.can === 'sign-in-again') return <p className="yours again">{you.says}</p>
  return (
    <p className="yours look">
      <strong>{you.code === 'ERR_APPROVAL_SIGNED_TWICE' ? 'Your answer is in.' : 'You cannot approve this.'}</strong>{' '}
      {you.code === 'ERR_APPROVAL_SIGNED_TWICE' ? 'More people have to approve.' : you.says}
    </p>
  )
}

/** Sign-offs that have a line above the buttons; the rest is counted here and stands below. */
const signOffsAbove = 2

/** How far it is: first what is still missing. */
function Needed({ question: { state, signOffs } }: { question: ApprovalView }) {
  if (state !== 'open') return null
  const missing = ({ quorum, served }: SignOffView) => Math.max(0, quorum - served)
  const above = signOffs.toSorted((one, other) => missing(other) - missing(one)).slice(0, signOffsAbove)
  const further = signOffs.length - above.length
  return (
    <ul className="needed">
      {above.map(({ id, quorum, served, from }) => (
        <li key={id}>
          <b>
            {served} of {quorum}
          </b>{' '}
          approved <span className="soft">by {either(from)}</span>
        </li>
      ))}
      {further > 0 && <li>and {counted(further, 'more sign-off', 'more sign-offs')}, below</li>}
    </ul>
  )
}

function Buttons(props: { question: ApprovalView; offers: readonly Step[]; lost: boolean; onStep(step: Step): void }) {
  const { question, offers, lost, onStep } = props
  const { you, state } = question
  const again = state === 'open' && you.can === 'sign-in-again'
  if (offers.length === 0 && !again) return null
  const button = (step: Step, words: string, looks: string, key?: string) =>
    offers.includes(step) && (
      <button type="button" className={looks} aria-keyshortcuts={key} disabled={lost} onClick={() => onStep(step)}>
        {words}
      </button>
    )
  return (
    <div className={state === 'open' ? 'buttons open' : 'buttons'} role="group" aria-label="Your answer">
      {again && (
        <a className="button primary" href={you.signIn}>
          Sign in again to approve
        </a>
      )}
      {button('approve', 'Approve', 'primary', 'a')}
      {button('reject', 'Reject', 'danger', 'r')}
      {button('reject-and-stop', 'Reject and stop this agent', 'danger quiet small')}
      {button('stop', 'Stop this agent', 'danger quiet small')}
      {button('escalate', 'Escalate', 'quiet small', 'e')}
    </div>
  )
}
