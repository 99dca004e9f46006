/**
 * The questions that concern whoever looks, live.
 *
 * @module
 */
import type { Me, ApprovalSummary } from '@countersign/schema'
import { useState } from 'react'
import { usePages } from '../api/use-answer.ts'
import { Loading, TroubleNote } from '../parts/states.tsx'
import { amend, keepPages, keptPages, revise } from '../window/location.ts'
import {
  everything,
  inboxPath,
  isEverything,
  isRefined,
  type Listed,
  listedIn,
  listPath,
  markIn,
} from '../approval/listed.ts'
import { Filters } from './filters.tsx'
import { grouped } from './grouped.ts'
import { GroupRow } from './group-row.tsx'
import { KeyHelp } from './key-help.tsx'
import { Nothing } from './nothing.tsx'
import { ApprovalRow } from './approval-row.tsx'
import { sorted } from '../approval/sorted.ts'
import { TryIt } from './try-it.tsx'
import { useWalk } from './walk.ts'

export function Inbox({ search, me }: { search: string; me: Me }) {
  const [help, setHelp] = useState(false)
  const listed = listedIn(search)
  const list = (next: Listed) => {
    if (isRefined(listed, next)) amend(inboxPath(next), null)
    else revise(inboxPath(next))
  }
  return (
    <>
      <header className="page-head">
        <h1>Inbox</h1>
        <button type="button" className="quiet keys-button" onClick={() => setHelp(true)}>
          Keys <kbd>?</kbd>
        </button>
      </header>
      <Filters listed={listed} onChange={list} />
      <Found
        listed={listed}
        mark={markIn(search)}
        onAll={() => list({ ...everything, tab: listed.tab })}
        onHelp={() => setHelp(true)}
        key={listPath(listed)}
      />
      {me.demo && isEverything(listed) && <TryIt />}
      {help && <KeyHelp onClose={() => setHelp(false)} />}
    </>
  )
}

interface FoundProps {
  readonly listed: Listed
  readonly mark: string | undefined
  onAll(): void
  onHelp(): void
}

function Found({ listed, mark, onAll, onHelp }: FoundProps) {
  const [pages, setPages] = useState(keptPages)
  const { items, at, trouble, more } = usePages<ApprovalSummary>(listPath(listed), pages)
  const questions = sorted(items, listed.tab)
  const open = listed.tab === 'open'
  const groups = open ? grouped(questions) : questions.map((each) => ({ groupKey: each.id, questions: [each] }))
  const { marked, isUnfolded, fold } = useWalk({ groups, mark, pathOf: (next) => inboxPath(listed, next), onHelp })
  const showMore = () => {
    setPages(pages + 1)
    keepPages(pages + 1)
  }
  return (
    <>
      {trouble && <TroubleNote trouble={trouble} path="/api/approvals" />}
      {at === undefined ? (
        !trouble && <Loading what="questions" />
      ) : questions.length === 0 ? (
        <Nothing listed={listed} more={more} onAll={onAll} />
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
                key={group.groupKey}
              />
            ) : (
              group.questions.map((question) => (
                <ApprovalRow question={question} receivedAt={at} marked={question.id === marked} key={question.id} />
              ))
            ),
          )}
        </ol>
      )}
      {more && (
        <button type="button" className="quiet more" onClick={showMore}>
          {listed.search === '' ? 'Show more' : 'Look further'}
        </button>
      )}
    </>
  )
}
