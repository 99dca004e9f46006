/**
 * The questions that concern whoever looks, live.
 *
 * @module
 */
import type { Me, QuestionSummary } from '@countersign/schema'
import { useState } from 'react'
import { usePages } from '../api/use-answer.ts'
import { Loading, TroubleNote } from '../parts/states.tsx'
import { paths } from '../route.ts'
import { useKeys } from '../shell/keys.ts'
import { type Intent, navigate } from '../shell/place.ts'
import { Filters, searchBoxId } from './filters.tsx'
import { type Group, grouped, headId, stops } from './grouped.ts'
import { GroupRow } from './group-row.tsx'
import { KeyHelp } from './key-help.tsx'
import { Nothing } from './nothing.tsx'
import { QuestionRow } from './question-row.tsx'
import { everything, type Listed, listPath, sorted, step } from './sorted.ts'
import { TryIt } from './try-it.tsx'

export function Inbox({ me }: { me: Me }) {
  const [listed, setListed] = useState<Listed>(everything)
  const [count, setCount] = useState(1)
  const [cleared, setCleared] = useState(0)
  const [help, setHelp] = useState(false)
  const { items, at, trouble, more } = usePages<QuestionSummary>(listPath(listed), count)
  const questions = sorted(items, listed.tab)
  const open = listed.tab === 'open'
  const groups = open ? grouped(questions) : questions.map((each) => ({ likeness: each.id, questions: [each] }))
  const { marked, isUnfolded, fold } = useWalk(groups, () => setHelp(true))
  const list = (next: Listed) => {
    setListed(next)
    setCount(1)
  }
  const showAll = () => {
    list({ ...everything, tab: listed.tab })
    setCleared(cleared + 1) // the search box forgets what was typed
  }

  return (
    <>
      <header className="page-head">
        <h1>Inbox</h1>
        <button type="button" className="quiet keys-button" onClick={() => setHelp(true)}>
          Keys <kbd>?</kbd>
        </button>
      </header>
      <Filters listed={listed} onChange={list} key={cleared} />
      {trouble && <TroubleNote trouble={trouble} path="/api/approvals" />}
      {at === undefined ? (
        !trouble && <Loading what="questions" />
      ) : questions.length === 0 ? (
        <Nothing listed={listed} more={more} onAll={showAll} />
      ) : (
        <ol className="questions" aria-label={open ? 'Open questions' : 'Settled questions'}>
          {groups.map((group) =>
            group.questions.length > 1 ? (
              <GroupRow
                group={group}
                receivedAt={at}
                unfolded={isUnfolded(group)}
                marked={marked}
                onFold={() => fold(group)}
                key={group.likeness}
              />
            ) : (
              group.questions.map((question) => (
                <QuestionRow question={question} receivedAt={at} marked={question.id === marked} key={question.id} />
              ))
            ),
          )}
        </ol>
      )}
      {more && (
        <button type="button" className="quiet more" onClick={() => setCount(count + 1)}>
          {listed.search === '' ? 'Show more' : 'Look further'}
        </button>
      )}
      {me.demo && <TryIt />}
      {help && <KeyHelp onClose={() => setHelp(false)} />}
    </>
  )
}

/** The keyboard's way through the list, headings included. */
function useWalk(groups: readonly Group[], onHelp: () => void) {
  const [mark, setMark] = useState<string>()
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set())
  const ids = stops(groups, unfolded)
  const marked = mark !== undefined && ids.includes(mark) ? mark : undefined
  const here = groups.find((group) => headId(group) === marked || group.questions.some(({ id }) => id === marked))

  const go = (id: string | undefined) => {
    setMark(id)
    if (id !== undefined) document.getElementById(id)?.scrollIntoView({ block: 'nearest' })
  }
  const fold = (group: Group, wanted = !unfolded.has(group.likeness)) => {
    const next = new Set(unfolded)
    if (wanted) next.add(group.likeness)
    else next.delete(group.likeness)
    setUnfolded(next)
  }
  /** On a heading, no key answers for all of them: it unfolds, and leads to the first. */
  const answer = (intent?: Intent) => {
    const id = marked ?? ids[0]
    const group = groups.find((each) => each.questions.length > 1 && headId(each) === id)
    if (!group) return id === undefined ? undefined : navigate(paths.question(id), intent)
    fold(group, intent !== undefined || !unfolded.has(group.likeness))
    go(intent === undefined ? id : group.questions[0]?.id)
  }

  useKeys({
    j: () => go(step(ids, marked, 1)),
    k: () => go(step(ids, marked, -1)),
    ArrowDown: () => go(step(ids, marked, 1)),
    ArrowUp: () => go(step(ids, marked, -1)),
    ArrowRight: () => here && here.questions.length > 1 && fold(here, true),
    ArrowLeft: () => {
      if (!here || here.questions.length === 1) return
      fold(here, false)
      go(headId(here))
    },
    Enter: () => answer(),
    a: () => answer('approve'),
    r: () => answer('reject'),
    e: () => answer('escalate'),
    '/': () => document.getElementById(searchBoxId)?.focus(),
    '?': onHelp,
  })
  return { marked, isUnfolded: (group: Group) => unfolded.has(group.likeness), fold }
}
